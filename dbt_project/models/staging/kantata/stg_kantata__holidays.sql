with latest as (
    {{ latest_version(ref('base_kantata__holidays')) }}
)

select
    {{ staged_identity() }},
    title as name,
    {{ to_date('date') }} as holiday_date,
    workspace_group_id,
    {{ quarantine_reason(dates=['date']) }} as quarantine_reason
from latest
