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

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

projects as (
    select * from {{ ref('core_project') }}
),

links as (
    select * from {{ ref('core_project_link') }}
),

orders as (
    select * from {{ ref('core_sales_order') }}
),

order_lines as (
    select * from {{ ref('core_sales_order_line') }}
),

executed as (
    select contracts.*
    from contracts
    cross join build
    where contracts.is_executed and contracts.signed_date <= build.as_of_date
),

signed_count as (
    select
        leg.leg_id as leg,
        'count' as measure,
        {{ period_of('executed.signed_date') }} as period,
        executed.legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        count(*) as left_total,
        0 as right_total
    from executed
    inner join leg on leg.leg_id in ('activation.psa', 'activation.erp')
    group by leg.leg_id, {{ period_of('executed.signed_date') }}, executed.legal_entity_id
),

-- a linked project counts in its contract's period and entity; the link and these two attributes are all that is looked up
project_count as (
    select
        'activation.' || projects.system_role as leg,
        'count' as measure,
        coalesce(
            {{ period_of('executed.signed_date') }},
            {{ period_of('coalesce(cast(projects.created_at as date), projects.start_date)') }},
            build.as_of_period
        ) as period,
        coalesce(executed.legal_entity_id, projects.legal_entity_id) as legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        0 as left_total,
        count(*) as right_total
    from projects
    cross join build
    inner join leg on leg.leg_id = 'activation.' || projects.system_role
    left join links on projects.project_id = links.project_id
    left join executed on links.contract_id = executed.contract_id
    where not projects.is_cancelled
    group by 1, 2, 3, 4, 5
),

agreed_part as (
    select
        executed.legal_entity_id,
        executed.currency,
        executed.signed_value as amount
    from executed
    union all
    select
        executed.legal_entity_id,
        amendments.currency,
        amendments.amount
    from amendments
    inner join executed on amendments.contract_id = executed.contract_id
    cross join build
    where amendments.is_approved and amendments.effective_date <= build.as_of_date
),

agreed_value as (
    select
        leg.leg_id as leg,
        'amount' as measure,
        leg.as_of_period as period,
        agreed_part.legal_entity_id,
        agreed_part.currency,
        sum(agreed_part.amount) as left_total,
        0 as right_total
    from agreed_part
    inner join leg on leg.leg_id in ('contract_value.psa', 'contract_value.erp')
    group by leg.leg_id, leg.as_of_period, agreed_part.legal_entity_id, agreed_part.currency
),

project_value as (
    select
        leg.leg_id as leg,
        'amount' as measure,
        leg.as_of_period as period,
        executed.legal_entity_id,
        projects.currency,
        0 as left_total,
        sum(projects.price_amount) as right_total
    from projects
    inner join links on projects.project_id = links.project_id
    inner join executed on links.contract_id = executed.contract_id
    inner join leg on leg.leg_id = 'contract_value.psa'
    where projects.system_role = 'psa' and not projects.is_cancelled and projects.price_amount is not null
    group by leg.leg_id, leg.as_of_period, executed.legal_entity_id, projects.currency
),

order_value as (
    select
        leg.leg_id as leg,
        'amount' as measure,
        leg.as_of_period as period,
        executed.legal_entity_id,
        orders.currency,
        0 as left_total,
        sum(order_lines.net_amount) as right_total
    from order_lines
    inner join orders on order_lines.sales_order_id = orders.sales_order_id
    inner join executed on orders.contract_id = executed.contract_id
    inner join leg on leg.leg_id = 'contract_value.erp'
    left join projects on orders.project_id = projects.project_id
    where not coalesce(projects.is_cancelled, false)
    group by leg.leg_id, leg.as_of_period, executed.legal_entity_id, orders.currency
)

select * from signed_count
union all
select * from project_count
union all
select * from agreed_value
union all
select * from project_value
union all
select * from order_value
