{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_netsuite__transactionaccountingline')) }}
)

select
    {{ staged_identity() }},
    transaction as transaction_id,
    transactionline as line_number,
    accountingbook as accounting_book,
    account as account_id,
    {{ to_money('debit') }} as debit,
    {{ to_money('amount') }} as amount,
    {{ to_boolean('posting') }} as is_posted,
    {{ quarantine_reason(money=['debit', 'amount'], booleans=['posting']) }} as quarantine_reason
from latest
