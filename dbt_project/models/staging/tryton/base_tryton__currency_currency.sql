{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'currency_currency', [
    'id', 'last_modified_at', 'code', 'name', 'digits', 'active'
]) }}
