{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'department', [
    'id', 'name', 'isinactive', 'lastmodifieddate'
]) }}
