with latest as (
    {{ latest_version(ref('base_kantata__assignments')) }}
)

select
    {{ staged_identity() }},
    workspace_id,
    user_id,
    role_id,
    {{ to_integer('estimated_minutes') }} as minutes,
    {{ to_date('start_date') }} as start_date,
    {{ to_date('end_date') }} as end_date,
    {{ quarantine_reason(integers=['estimated_minutes'], dates=['start_date', 'end_date']) }} as quarantine_reason
from latest
