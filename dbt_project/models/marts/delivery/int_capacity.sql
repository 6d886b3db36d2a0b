with build as (
    select * from {{ ref('int_build') }}
),

days as (
    select * from {{ ref('dim_date') }}
    where is_weekday
),

resources as (
    select * from {{ ref('core_resource') }}
),

holidays as (
    select distinct
        legal_entity_id,
        holiday_date
    from {{ ref('core_calendar') }}
),

time_off as (
    select
        resource_id,
        off_date,
        sum(minutes) as minutes
    from {{ ref('core_time_off') }}
    group by resource_id, off_date
),

first_entry as (
    select
        resource_id,
        min(work_date) as first_date
    from {{ ref('int_recorded_time') }}
    group by resource_id
),

employed as (
    select
        resources.resource_id,
        resources.legal_entity_id,
        cast({{ money_div('resources.weekly_minutes', '5', 2) }} as decimal(18, 4)) as base_minutes,
        coalesce(cast(resources.created_at as date), first_entry.first_date) as first_date
    from resources
    left join first_entry on resources.resource_id = first_entry.resource_id
    where resources.weekly_minutes is not null
),

-- a holiday is off for everyone: what a person takes off on it takes nothing away
workday as (
    select
        employed.resource_id,
        days.month,
        employed.base_minutes,
        case when holidays.holiday_date is not null then employed.base_minutes else 0 end as holiday_minutes,
        case when holidays.holiday_date is null then least(coalesce(time_off.minutes, 0), employed.base_minutes) else 0 end
            as time_off_minutes
    from employed
    cross join build
    inner join days on employed.first_date <= days.date_day
    left join holidays on employed.legal_entity_id = holidays.legal_entity_id and days.date_day = holidays.holiday_date
    left join time_off on employed.resource_id = time_off.resource_id and days.date_day = time_off.off_date
    where days.date_day <= build.as_of_date
)

select
    resource_id,
    month,
    cast(sum(base_minutes) as decimal(18, 4)) as calendar_minutes,
    cast(sum(holiday_minutes) as decimal(18, 4)) as holiday_minutes,
    cast(sum(time_off_minutes) as decimal(18, 4)) as time_off_minutes
from workday
group by resource_id, month
