{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_invoice_line')) }}
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
        type as line_type,
        company as company_id,
        {{ json_member('"currency."', 'code') }} as currency,
        product as product_id,
        description,
        {{ tryton_decimal('quantity') }} as quantity,
        {{ tryton_decimal('unit_price') }} as unit_price,
        {{ tryton_decimal('amount') }} as net_amount,
        account as account_id,
        origin,
        sequence as line_number
    from latest
)

select
    {{ staged_identity() }},
    invoice_id,
    line_type,
    company_id,
    currency,
    product_id,
    description,
    {{ to_rate('quantity') }} as quantity,
    {{ to_rate('unit_price') }} as unit_price,
    {{ to_money('net_amount') }} as net_amount,
    account_id,
    origin,
    {{ to_integer('line_number') }} as line_number,
    {{ quarantine_reason(
        rates=['quantity', 'unit_price'],
        money=['net_amount'],
        integers=['line_number']
    ) }} as quarantine_reason
from untagged
