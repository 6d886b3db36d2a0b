{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_move_line', [
    'id', 'last_modified_at', 'move', 'account', 'party', 'debit', 'credit',
    'amount_second_currency', 'second_currency.', 'maturity_date', 'reconciliation', 'origin',
    'state'
]) }}
