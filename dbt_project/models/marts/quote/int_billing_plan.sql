with build as (
    select * from {{ ref('int_build') }}
),

milestones as (
    select * from {{ ref('core_milestone') }}
    where contract_id is not null
),

schedules as (
    select * from {{ ref('core_billing_schedule') }}
    where contract_id is not null
),

billing as (
    select * from {{ ref('int_item_billing') }}
    where source_type = 'milestone'
),

milestone_plan as (
    select
        milestones.contract_id,
        case
            when milestones.is_accepted and milestones.accepted_date <= build.as_of_date
                then greatest(milestones.amount - coalesce(billing.posted_amount, 0), 0)
            else 0
        end as due_amount,
        case when milestones.status = 'planned' and milestones.due_date > build.as_of_date then milestones.amount else 0 end as ahead_amount
    from milestones
    cross join build
    left join billing on milestones.milestone_id = billing.item_key
),

schedule_plan as (
    select
        schedules.contract_id,
        case when schedules.scheduled_date <= build.as_of_date then schedules.amount else 0 end as due_amount,
        case when schedules.scheduled_date > build.as_of_date then schedules.amount else 0 end as ahead_amount
    from schedules
    cross join build
    where not coalesce(schedules.is_billed, false)
),

plan as (
    select * from milestone_plan
    union all
    select * from schedule_plan
)

select
    contract_id,
    cast(sum(due_amount) as decimal(18, 4)) as due_amount,
    cast(sum(ahead_amount) as decimal(18, 4)) as ahead_amount
from plan
group by contract_id
