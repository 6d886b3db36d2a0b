{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_kantata__time_entries')) }}
)

select
    {{ staged_identity() }},
    workspace_id,
    user_id,
    role_id,
    {{ to_date('date_performed') }} as work_date,
    {{ to_integer('time_in_minutes') }} as minutes,
    {{ to_boolean('billable') }} as is_billable,
    {{ to_boolean('approved') }} as is_approved,
    {{ cents_to_money('rate_in_cents') }} as rate,
    currency,
    {{ quarantine_reason(
        dates=['date_performed'],
        integers=['time_in_minutes'],
        booleans=['billable', 'approved'],
        cents=['rate_in_cents']
    ) }} as quarantine_reason
from latest
