{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_tax')) }}
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
        {{ tryton_decimal('rate') }} as rate,
        invoice_account as invoice_account_id,
        credit_note_account as credit_note_account_id
    from latest
)

select
    {{ staged_identity() }},
    name,
    company_id,
    {{ to_rate('rate') }} as rate,
    invoice_account_id,
    credit_note_account_id,
    {{ quarantine_reason(rates=['rate']) }} as quarantine_reason
from untagged
