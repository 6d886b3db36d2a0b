{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_tax', [
    'id', 'last_modified_at', 'name', 'company', 'rate', 'invoice_account', 'credit_note_account'
]) }}
