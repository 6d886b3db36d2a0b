{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__party_party')) }}
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
        code,
        {{ tryton_boolean('active') }} as is_active
    from latest
)

select
    {{ staged_identity() }},
    name,
    code,
    {{ to_boolean('is_active') }} as is_active,
    {{ quarantine_reason(booleans=['is_active']) }} as quarantine_reason
from untagged
