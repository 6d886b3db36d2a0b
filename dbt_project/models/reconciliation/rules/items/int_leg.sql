with build as (
    select * from {{ ref('int_build') }}
),

configured as (
    select * from {{ source('raw', 'qtc_leg') }}
),

instances as (
    select * from {{ source('raw', 'qtc_instance') }}
),

loads as (
    select * from {{ source('raw', 'qtc_load') }}
),

declared as (
    select
        'activation.psa' as leg_id,
        'crm' as left_role,
        'psa' as right_role
    union all
    select
        'activation.erp' as leg_id,
        'crm' as left_role,
        'erp' as right_role
    union all
    select
        'contract_value.psa' as leg_id,
        'crm' as left_role,
        'psa' as right_role
    union all
    select
        'contract_value.erp' as leg_id,
        'crm' as left_role,
        'erp' as right_role
    union all
    select
        'approved_time.erp' as leg_id,
        'psa' as left_role,
        'erp' as right_role
    union all
    select
        'invoice_integrity.lines' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'invoice_integrity.tax' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'invoice_integrity.unique' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'invoice_integrity.items' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'ar_to_gl' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'revenue.gl' as leg_id,
        'erp' as left_role,
        'erp' as right_role
    union all
    select
        'rollforward.backlog' as leg_id,
        'crm' as left_role,
        'erp' as right_role
    union all
    select
        'rollforward.unbilled' as leg_id,
        'psa' as left_role,
        'erp' as right_role
    union all
    select
        'rollforward.ar' as leg_id,
        'erp' as left_role,
        'erp' as right_role
),

instance_of_role as (
    select
        role,
        min(instance) as instance
    from instances
    group by role
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
configured_leg as (
    select
        configured.leg_id,
        min(configured.left_instance) as left_instance,
        min(configured.right_instance) as right_instance,
        min(case when configured.applicable then 0 else 1 end) as inapplicable,
        max(configured.interface_sla_hours) as interface_sla_hours,
        max(configured.max_load_gap_hours) as max_load_gap_hours,
        min(left_read.read_through) as left_read_through,
        min(right_read.read_through) as right_read_through
    from configured
    left join instance_read as left_read on configured.left_instance = left_read.instance
    left join instance_read as right_read on configured.right_instance = right_read.instance
    group by configured.leg_id
),

leg as (
    select
        declared.leg_id,
        coalesce(configured_leg.left_instance, left_role.instance) as left_instance,
        coalesce(configured_leg.right_instance, right_role.instance) as right_instance,
        coalesce(configured_leg.inapplicable, 0) = 0 as is_applicable,
        coalesce(configured_leg.interface_sla_hours, 24) as interface_sla_hours,
        coalesce(configured_leg.max_load_gap_hours, 24) as max_load_gap_hours,
        coalesce(configured_leg.left_read_through, left_read.read_through) as left_read_through,
        coalesce(configured_leg.right_read_through, right_read.read_through) as right_read_through
    from declared
    left join configured_leg on declared.leg_id = configured_leg.leg_id
    left join instance_of_role as left_role on declared.left_role = left_role.role
    left join instance_of_role as right_role on declared.right_role = right_role.role
    left join instance_read as left_read on left_role.instance = left_read.instance
    left join instance_read as right_read on right_role.instance = right_read.instance
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
