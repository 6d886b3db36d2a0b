with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'customer_master.erp' and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

customers as (
    select * from {{ ref('core_customer') }}
),

links as (
    select * from {{ ref('core_customer_link') }}
),

attributes as (
    select * from {{ ref('int_customer_attribute') }}
),

receivables as (
    select * from {{ ref('int_receivable') }}
),

-- a customer belongs to a region where all its contracts do
expected as (
    select
        customer_id,
        min(signed_date) as first_signed_on,
        case when min(region) = max(region) then min(region) end as region
    from positions
    group by customer_id
),

twins as (
    select
        links.customer_id,
        count(*) as twin_count,
        min(customers.customer_id) as twin_id,
        max(customers.version_at) as version_at
    from links
    inner join customers on links.linked_customer_id = customers.customer_id
    where customers.system_role = 'erp' and customers.is_active
    group by links.customer_id
),

-- what the customer owes, where it owes in one currency
owed as (
    select
        links.customer_id,
        case when min(receivables.currency) = max(receivables.currency) then sum(receivables.amount) end as amount
    from receivables
    inner join links on receivables.customer_id = links.linked_customer_id
    group by links.customer_id
),

known as (
    select
        leg.*,
        customers.customer_id,
        customers.source_instance,
        customers.legal_entity_id,
        customers.version_at,
        expected.region,
        coalesce(twins.twin_count, 0) as twin_count,
        twins.twin_id,
        twins.version_at as twin_version_at,
        owed.amount as owed_amount,
        {{ date_start('expected.first_signed_on') }} as event_at
    from expected
    inner join customers on expected.customer_id = customers.customer_id
    cross join leg
    left join twins on expected.customer_id = twins.customer_id
    left join owed on expected.customer_id = owed.customer_id
),

compared as (
    select
        known.customer_id,
        ours.attribute,
        ours.shown_value as our_value,
        theirs.shown_value as their_value,
        theirs.compared_value is not null as has_theirs
    from known
    inner join attributes as ours on known.customer_id = ours.customer_id
    inner join attributes as theirs on known.twin_id = theirs.customer_id and ours.attribute = theirs.attribute
    where known.twin_count = 1 and ours.compared_value <> coalesce(theirs.compared_value, '')
),

found as (
    select
        customer_id,
        'customer' as attribute,
        case when twin_count = 0 then 'customer_missing' else 'duplicate_customer' end as break_class,
        1 as left_amount,
        twin_count as right_amount,
        case
            when twin_count = 0 then 'a customer with a contract has no active record in the ERP'
            else 'the ERP holds the customer more than once'
        end as failure_reason
    from known
    where twin_count <> 1
    union all
    select
        customer_id,
        attribute,
        'master_data_mismatch' as break_class,
        1 as left_amount,
        0 as right_amount,
        'the CRM says ' || our_value || ', the ERP ' || coalesce(their_value, 'nothing') as failure_reason
    from compared
    union all
    select
        customer_id,
        attribute,
        'master_data_mismatch' as break_class,
        0 as left_amount,
        1 as right_amount,
        'the ERP says ' || their_value || ', the CRM ' || our_value as failure_reason
    from compared
    where has_theirs
),

judged as (
    select
        leg.*,
        found.attribute,
        found.break_class,
        found.left_amount,
        found.right_amount,
        found.failure_reason,
        {{ pending_reason('leg.event_at', 'leg.version_at', 'leg.twin_version_at', 'right') }} as pending_reason,
        {{ due_at('leg.event_at') }} as due_at
    from known as leg
    inner join found on leg.customer_id = found.customer_id
)

select
    'customer_master' as rule_id,
    leg_id as leg,
    'count' as measure,
    case when pending_reason is not null then 'timing' else 'break' end as kind,
    break_class,
    customer_id || ':' || attribute as grain_key,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'contract' as workflow_stage,
    as_of_period as period,
    cast(null as {{ dbt.type_string() }}) as currency,
    source_instance as left_system,
    case when left_amount > 0 then customer_id end as left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    case when right_amount > 0 then twin_id end as right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(left_amount - right_amount as decimal(18, 4)) as difference,
    cast(owed_amount as decimal(18, 4)) as blocked_amount,
    event_at,
    due_at,
    pending_reason,
    failure_reason
from judged
