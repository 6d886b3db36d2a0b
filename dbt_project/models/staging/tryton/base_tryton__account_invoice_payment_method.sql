{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_invoice_payment_method', [
    'id', 'last_modified_at', 'name', 'company', 'debit_account', 'credit_account'
]) }}
