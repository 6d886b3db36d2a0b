with build as (
    select * from {{ ref('int_build') }}
),

configured as (
    select * from {{ source('raw', 'qtc_leg') }}
),

loads as (
    select * from {{ source('raw', 'qtc_load') }}
),

entity_read as (
    select
        instance,
        vendor,
        entity,
        max(cast(read_through as timestamp)) as read_through
    from loads
    group by instance, vendor, entity
),

-- an instance is read as far as its least far read entity
instance_read as (
    select
        instance,
        min(read_through) as read_through
    from entity_read
    group by instance
),

-- several instances may stand on a side: the least far read one decides
leg as (
    select
        configured.leg_id,
        min(configured.left_instance) as left_instance,
        min(configured.right_instance) as right_instance,
        min(case when configured.applicable then 0 else 1 end) = 0 as is_applicable,
        max(configured.interface_sla_hours) as interface_sla_hours,
        max(configured.max_load_gap_hours) as max_load_gap_hours,
        min(left_read.read_through) as left_read_through,
        min(right_read.read_through) as right_read_through
    from configured
    left join instance_read as left_read on configured.left_instance = left_read.instance
    left join instance_read as right_read on configured.right_instance = right_read.instance
    group by configured.leg_id
)

select
    leg.leg_id,
    leg.left_instance,
    leg.right_instance,
    leg.is_applicable,
    leg.interface_sla_hours,
    leg.max_load_gap_hours,
    leg.left_read_through,
    leg.right_read_through,
    least(leg.left_read_through, leg.right_read_through) as both_read_through,
    build.as_of,
    build.as_of_date,
    build.as_of_period
from leg
cross join build
