{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_period')) }}
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
        company as company_id,
        fiscalyear as fiscal_year_id,
        type as period_type,
        {{ tryton_date('start_date') }} as start_date,
        {{ tryton_date('end_date') }} as end_date,
        state as status
    from latest
)

select
    {{ staged_identity() }},
    name,
    company_id,
    fiscal_year_id,
    period_type,
    {{ to_date('start_date') }} as start_date,
    {{ to_date('end_date') }} as end_date,
    status,
    {{ quarantine_reason(dates=['start_date', 'end_date']) }} as quarantine_reason
from untagged
