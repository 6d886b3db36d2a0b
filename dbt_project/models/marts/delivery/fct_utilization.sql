with capacity as (
    select * from {{ ref('int_capacity') }}
),

recorded as (
    select * from {{ ref('int_recorded_time') }}
),

resources as (
    select * from {{ ref('core_resource') }}
),

worked as (
    select
        resource_id,
        month,
        sum(minutes) as recorded_minutes,
        sum(case when is_billable and is_approved then minutes else 0 end) as billable_minutes,
        sum(case when is_credited and is_approved and not is_billable then minutes else 0 end) as credited_minutes
    from recorded
    group by resource_id, month
),

joined as (
    select
        coalesce(capacity.resource_id, worked.resource_id) as resource_id,
        coalesce(capacity.month, worked.month) as month,
        coalesce(capacity.calendar_minutes, 0) as calendar_minutes,
        coalesce(capacity.holiday_minutes, 0) as holiday_minutes,
        coalesce(capacity.time_off_minutes, 0) as time_off_minutes,
        coalesce(worked.recorded_minutes, 0) as recorded_minutes,
        coalesce(worked.billable_minutes, 0) as billable_minutes,
        coalesce(worked.credited_minutes, 0) as credited_minutes
    from capacity
    full outer join worked on capacity.resource_id = worked.resource_id and capacity.month = worked.month
)

select
    coalesce(joined.resource_id, 'unassigned') as resource_id,
    joined.month as period,
    coalesce(resources.legal_entity_id, 'unassigned') as legal_entity_id,
    coalesce(resources.role_code, 'unassigned') as role_code,
    cast(joined.calendar_minutes as decimal(18, 4)) as calendar_minutes,
    cast(joined.holiday_minutes as decimal(18, 4)) as holiday_minutes,
    cast(joined.time_off_minutes as decimal(18, 4)) as time_off_minutes,
    cast(joined.calendar_minutes - joined.holiday_minutes - joined.time_off_minutes as decimal(18, 4)) as available_minutes,
    cast(joined.calendar_minutes - joined.time_off_minutes as decimal(18, 4)) as base_minutes,
    cast(joined.recorded_minutes as bigint) as recorded_minutes,
    cast(joined.billable_minutes as bigint) as billable_minutes,
    cast(joined.credited_minutes as bigint) as credited_minutes
from joined
left join resources on joined.resource_id = resources.resource_id
