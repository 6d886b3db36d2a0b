{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__sale_line')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        sale as sale_id,
        type as line_type,
        product as product_id,
        {{ tryton_decimal('quantity') }} as quantity,
        {{ tryton_decimal('unit_price') }} as unit_price,
        {{ tryton_decimal('amount') }} as net_amount
    from latest
)

select
    {{ staged_identity() }},
    sale_id,
    line_type,
    product_id,
    {{ to_rate('quantity') }} as quantity,
    {{ to_rate('unit_price') }} as unit_price,
    {{ to_money('net_amount') }} as net_amount,
    {{ quarantine_reason(rates=['quantity', 'unit_price'], money=['net_amount']) }} as quarantine_reason
from untagged
