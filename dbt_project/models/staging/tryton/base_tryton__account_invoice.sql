{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_invoice', [
    'id', 'last_modified_at', 'type', 'state', 'number', 'reference', 'description', 'company',
    'party', 'currency.', 'invoice_date', 'accounting_date', 'account', 'move', 'cancel_move',
    'payment_lines', 'untaxed_amount', 'tax_amount', 'total_amount'
]) }}
