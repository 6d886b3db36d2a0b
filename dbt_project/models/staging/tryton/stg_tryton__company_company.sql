{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__company_company')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        rec_name as name,
        party as party_id,
        {{ json_member('"currency."', 'code') }} as currency
    from latest
)

select
    {{ staged_identity() }},
    name,
    party_id,
    currency,
    {{ quarantine_reason() }} as quarantine_reason
from untagged
