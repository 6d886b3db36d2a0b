with inputs as (
    select * from {{ ref('int_wip_input') }}
),

-- wide enough for a product of two amounts
widened as (
    select
        inputs.*,
        cast(contract_price as decimal(20, 4)) as price,
        cast(budget_cost as decimal(20, 4)) as budget
    from inputs
),

recognized as (
    select
        widened.*,
        {{ money_div('price * usage_cost', 'budget', 2) }} as revenue_by_cost,
        {{ money_div('budget * invoiced_amount', 'price', 2) }} as cost_by_billing,
        {{ money_div('price * usage_price', 'budget_price', 2) }} as revenue_by_price,
        case
            when budget <> 0 and price <> 0
                then {{ money_div('(price * usage_cost - budget * invoiced_amount)', 'budget_price', 2) }}
        end as excess_cost
    from widened
)

select
    contract_id,
    qtc_id,
    customer_id,
    legal_entity_id,
    region,
    practice,
    billing_type,
    currency,
    contract_price,
    budget_cost,
    budget_price,
    usage_cost,
    usage_price,
    invoiced_amount,
    cast(revenue_by_cost - invoiced_amount as decimal(18, 4)) as percentage_of_completion_sales,
    cast(case when revenue_by_cost is not null then 0 end as decimal(18, 4)) as percentage_of_completion_cost,
    cast(case when usage_cost is not null and cost_by_billing is not null then 0 end as decimal(18, 4)) as cost_of_sales_sales,
    cast(usage_cost - cost_by_billing as decimal(18, 4)) as cost_of_sales_cost,
    cast(case when usage_cost is not null then revenue_by_price - invoiced_amount end as decimal(18, 4)) as sales_value_sales,
    cast(case when usage_cost is not null and revenue_by_price is not null then 0 end as decimal(18, 4)) as sales_value_cost,
    cast(case when excess_cost is not null then 0 end as decimal(18, 4)) as cost_value_sales,
    cast(excess_cost as decimal(18, 4)) as cost_value_cost,
    cast(case when usage_cost is not null then -invoiced_amount end as decimal(18, 4)) as completed_contract_sales,
    cast(usage_cost as decimal(18, 4)) as completed_contract_cost
from recognized
