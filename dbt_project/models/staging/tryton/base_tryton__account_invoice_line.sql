{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_invoice_line', [
    'id', 'last_modified_at', 'invoice', 'type', 'company', 'currency.', 'product', 'description',
    'quantity', 'unit_price', 'amount', 'account', 'origin', 'sequence'
]) }}
