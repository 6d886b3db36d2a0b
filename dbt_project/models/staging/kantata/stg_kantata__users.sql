with latest as (
    {{ latest_version(ref('base_kantata__users')) }}
)

select
    {{ staged_identity() }},
    full_name as name,
    role_id,
    workspace_group_id,
    {{ to_integer('weekly_minutes') }} as weekly_minutes,
    country,
    {{ to_timestamp('created_at') }} as created_at,
    {{ quarantine_reason(integers=['weekly_minutes'], timestamps=['created_at']) }} as quarantine_reason
from latest
