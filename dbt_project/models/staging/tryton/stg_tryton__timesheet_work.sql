{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__timesheet_work')) }}
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
        origin,
        company as company_id
    from latest
)

select
    {{ staged_identity() }},
    name,
    origin,
    company_id,
    {{ quarantine_reason() }} as quarantine_reason
from untagged
