{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_journal')) }}
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
        type as journal_type,
        {{ tryton_boolean('active') }} as is_active
    from latest
)

select
    {{ staged_identity() }},
    name,
    code,
    journal_type,
    {{ to_boolean('is_active') }} as is_active,
    {{ quarantine_reason(booleans=['is_active']) }} as quarantine_reason
from untagged
