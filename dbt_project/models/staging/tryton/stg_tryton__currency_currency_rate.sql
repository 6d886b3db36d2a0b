{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__currency_currency_rate')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        {{ tryton_date('"date"') }} as rate_date,
        {{ tryton_decimal('rate') }} as rate,
        {{ json_member('"currency."', 'code') }} as currency
    from latest
)

select
    {{ staged_identity() }},
    {{ to_date('rate_date') }} as rate_date,
    {{ to_rate('rate') }} as rate,
    currency,
    {{ quarantine_reason(dates=['rate_date'], rates=['rate']) }} as quarantine_reason
from untagged
