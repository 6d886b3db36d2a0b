with leg as (
    select * from {{ ref('int_leg') }}
    where is_applicable
),

build as (
    select * from {{ ref('int_build') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

customers as (
    select * from {{ ref('core_customer') }}
),

links as (
    select * from {{ ref('core_customer_link') }}
),

attributes as (
    select * from {{ ref('int_customer_attribute') }}
    where compared_value is not null
),

terms as (
    select * from {{ ref('int_billing_term') }}
),

executed as (
    select contracts.*
    from contracts
    cross join build
    where contracts.is_executed and contracts.signed_date <= build.as_of_date
),

buyer as (
    select distinct
        customers.customer_id,
        customers.legal_entity_id
    from executed
    inner join customers on executed.customer_id = customers.customer_id
),

active_twin as (
    select
        buyer.customer_id,
        buyer.legal_entity_id,
        customers.customer_id as twin_id,
        count(*) over (partition by buyer.customer_id) as twin_count
    from buyer
    inner join links on buyer.customer_id = links.customer_id
    inner join customers on links.linked_customer_id = customers.customer_id
    where customers.system_role = 'erp' and customers.is_active
),

-- customers on either side, and of those that stand there once the attributes the CRM knows
customer_count as (
    select
        legal_entity_id,
        1 as left_total,
        0 as right_total
    from buyer
    union all
    select
        legal_entity_id,
        0 as left_total,
        1 as right_total
    from active_twin
    union all
    select
        active_twin.legal_entity_id,
        1 as left_total,
        case when theirs.customer_id is not null then 1 else 0 end as right_total
    from active_twin
    inner join attributes as ours on active_twin.customer_id = ours.customer_id
    left join attributes as theirs on active_twin.twin_id = theirs.customer_id and ours.attribute = theirs.attribute
    where active_twin.twin_count = 1
),

-- a purchase order that is required and not there is agreed, and the ERP holds none
term_count as (
    select
        executed.legal_entity_id,
        1 as left_total,
        case when terms.their_value is not null then 1 else 0 end as right_total
    from terms
    inner join executed on terms.contract_id = executed.contract_id
),

counted as (
    select
        'customer_master.erp' as leg,
        legal_entity_id,
        left_total,
        right_total
    from customer_count
    union all
    select
        'billing_terms.erp' as leg,
        legal_entity_id,
        left_total,
        right_total
    from term_count
)

select
    counted.leg,
    'count' as measure,
    leg.as_of_period as period,
    counted.legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as currency,
    sum(counted.left_total) as left_total,
    sum(counted.right_total) as right_total
from counted
inner join leg on counted.leg = leg.leg_id
group by counted.leg, leg.as_of_period, counted.legal_entity_id
