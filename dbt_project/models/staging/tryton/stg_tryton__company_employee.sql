{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__company_employee')) }}
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
        company as company_id,
        party as party_id,
        {{ tryton_date('start_date') }} as start_date,
        {{ tryton_date('end_date') }} as end_date,
        {{ tryton_boolean('active') }} as is_active
    from latest
)

select
    {{ staged_identity() }},
    name,
    company_id,
    party_id,
    {{ to_date('start_date') }} as start_date,
    {{ to_date('end_date') }} as end_date,
    {{ to_boolean('is_active') }} as is_active,
    {{ quarantine_reason(dates=['start_date', 'end_date'], booleans=['is_active']) }} as quarantine_reason
from untagged
