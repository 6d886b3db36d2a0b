select
    {{ mapped_identity('kantata', 'time_off_entries', 'time_off') }},
    {{ record_key('time_off.source_instance', 'time_off.user_id') }} as resource_id,
    time_off.off_date,
    time_off.minutes
from {{ ref('stg_kantata__time_off_entries') }} as time_off
where time_off.quarantine_reason is null
