with utilization as (
    select * from {{ ref('fct_utilization') }}
),

summed as (
    select
        period,
        legal_entity_id,
        role_code,
        count(*) as resources,
        sum(calendar_minutes) as calendar_minutes,
        sum(holiday_minutes) as holiday_minutes,
        sum(time_off_minutes) as time_off_minutes,
        sum(available_minutes) as available_minutes,
        sum(base_minutes) as base_minutes,
        sum(recorded_minutes) as recorded_minutes,
        sum(billable_minutes) as billable_minutes,
        sum(credited_minutes) as credited_minutes
    from utilization
    group by period, legal_entity_id, role_code
)

select
    period,
    legal_entity_id,
    role_code,
    resources,
    cast(calendar_minutes as decimal(24, 4)) as calendar_minutes,
    cast(holiday_minutes as decimal(24, 4)) as holiday_minutes,
    cast(time_off_minutes as decimal(24, 4)) as time_off_minutes,
    cast(available_minutes as decimal(24, 4)) as available_minutes,
    cast(base_minutes as decimal(24, 4)) as base_minutes,
    cast(recorded_minutes as bigint) as recorded_minutes,
    cast(billable_minutes as bigint) as billable_minutes,
    cast(credited_minutes as bigint) as credited_minutes,
    {{ ratio('billable_minutes', 'available_minutes') }} as billable_available,
    {{ ratio('billable_minutes', 'calendar_minutes') }} as billable_calendar,
    {{ ratio('(billable_minutes + credited_minutes)', 'available_minutes') }} as billable_credited_available,
    {{ ratio('billable_minutes', 'base_minutes') }} as billable_base_pto,
    {{ ratio('billable_minutes', 'recorded_minutes') }} as billable_recorded
from summed
