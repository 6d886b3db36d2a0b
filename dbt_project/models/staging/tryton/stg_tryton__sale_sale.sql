{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__sale_sale')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        number,
        reference,
        company as company_id,
        party as party_id,
        state as status,
        origin,
        {{ tryton_date('sale_date') }} as sale_date,
        {{ json_member('"currency."', 'code') }} as currency,
        {{ tryton_decimal('untaxed_amount') }} as net_amount,
        invoice_method
    from latest
)

select
    {{ staged_identity() }},
    number,
    reference,
    company_id,
    party_id,
    status,
    origin,
    {{ to_date('sale_date') }} as sale_date,
    currency,
    {{ to_money('net_amount') }} as net_amount,
    invoice_method,
    {{ quarantine_reason(dates=['sale_date'], money=['net_amount']) }} as quarantine_reason
from untagged
