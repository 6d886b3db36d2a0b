{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_invoice_tax', [
    'id', 'last_modified_at', 'invoice', 'tax', 'account', 'base', 'amount'
]) }}
