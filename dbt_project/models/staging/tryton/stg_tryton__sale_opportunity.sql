{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__sale_opportunity')) }}
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
        description as name,
        company as company_id,
        party as party_id,
        state as status,
        {{ tryton_decimal('amount') }} as amount,
        {{ json_member('"currency."', 'code') }} as currency,
        {{ tryton_date('start_date') }} as start_date,
        {{ tryton_date('end_date') }} as end_date
    from latest
)

select
    {{ staged_identity() }},
    number,
    reference,
    name,
    company_id,
    party_id,
    status,
    {{ to_money('amount') }} as amount,
    currency,
    {{ to_date('start_date') }} as start_date,
    {{ to_date('end_date') }} as end_date,
    {{ quarantine_reason(money=['amount'], dates=['start_date', 'end_date']) }} as quarantine_reason
from untagged
