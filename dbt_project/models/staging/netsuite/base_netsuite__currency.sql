{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'currency', [
    'id', 'symbol', 'name', 'currencyprecision', 'lastmodifieddate'
]) }}
