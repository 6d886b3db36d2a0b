{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'sale_sale', [
    'id', 'last_modified_at', 'number', 'reference', 'company', 'party', 'state', 'origin',
    'sale_date', 'currency.', 'untaxed_amount', 'invoice_method'
]) }}
