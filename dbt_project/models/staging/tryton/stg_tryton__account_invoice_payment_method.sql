{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_invoice_payment_method')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        name,
        company as company_id,
        debit_account as debit_account_id,
        credit_account as credit_account_id
    from latest
)

select
    {{ staged_identity() }},
    name,
    company_id,
    debit_account_id,
    credit_account_id,
    {{ quarantine_reason() }} as quarantine_reason
from untagged
