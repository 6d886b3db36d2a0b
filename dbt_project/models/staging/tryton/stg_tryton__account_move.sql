{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__account_move')) }}
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
        company as company_id,
        {{ tryton_date('"date"') }} as move_date,
        period as period_id,
        journal as journal_id,
        origin,
        state as status
    from latest
)

select
    {{ staged_identity() }},
    number,
    company_id,
    {{ to_date('move_date') }} as move_date,
    period_id,
    journal_id,
    origin,
    status,
    {{ quarantine_reason(dates=['move_date']) }} as quarantine_reason
from untagged
