{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_invoice_tax')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        invoice as invoice_id,
        tax as tax_id,
        account as account_id,
        {{ tryton_decimal('base') }} as base_amount,
        {{ tryton_decimal('amount') }} as tax_amount
    from latest
)

select
    {{ staged_identity() }},
    invoice_id,
    tax_id,
    account_id,
    {{ to_money('base_amount') }} as base_amount,
    {{ to_money('tax_amount') }} as tax_amount,
    {{ quarantine_reason(money=['base_amount', 'tax_amount']) }} as quarantine_reason
from untagged
