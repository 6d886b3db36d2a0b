{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'subsidiary', [
    'id', 'name', 'currency', 'country', 'lastmodifieddate'
]) }}
