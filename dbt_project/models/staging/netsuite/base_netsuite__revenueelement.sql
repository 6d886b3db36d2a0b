{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'revenueelement', [
    'id', 'job', 'currency', 'amount', 'recognitionrule', 'lastmodifieddate'
]) }}
