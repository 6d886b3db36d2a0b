{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'sale_opportunity', [
    'id', 'last_modified_at', 'number', 'reference', 'description', 'company', 'party', 'state',
    'amount', 'currency.', 'start_date', 'end_date'
]) }}
