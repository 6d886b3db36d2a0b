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
    {{ to_boolean('utilization_credit') }} as is_credited,
    {{ to_timestamp('created_at') }} as submitted_at,
    {{ quarantine_reason(
        dates=['date_performed'],
        timestamps=['created_at'],
        integers=['time_in_minutes'],
        booleans=['billable', 'approved', 'utilization_credit'],
        cents=['rate_in_cents']
    ) }} as quarantine_reason
from latest
