with latest as (
    {{ latest_version(ref('base_kantata__time_off_entries')) }}
)

select
    {{ staged_identity() }},
    user_id,
    {{ to_date('date') }} as off_date,
    {{ to_integer('minutes') }} as minutes,
    {{ quarantine_reason(dates=['date'], integers=['minutes']) }} as quarantine_reason
from latest
