with projects as (
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

project_contract as (
    select distinct
        project_id,
        contract_id
    from links
),

project_price as (
    select
        'contract_value.psa' as leg_id,
        project_contract.contract_id,
        projects.currency,
        projects.project_id as record_id,
        projects.price_amount as price,
        projects.version_at
    from projects
    inner join project_contract on projects.project_id = project_contract.project_id
    where projects.system_role = 'psa' and not projects.is_cancelled
),

order_net as (
    select
        sales_order_id,
        sum(net_amount) as net_amount
    from order_lines
    group by sales_order_id
),

order_price as (
    select
        'contract_value.erp' as leg_id,
        orders.contract_id,
        orders.currency,
        orders.sales_order_id as record_id,
        order_net.net_amount as price,
        orders.version_at
    from orders
    left join projects on orders.project_id = projects.project_id
    left join order_net on orders.sales_order_id = order_net.sales_order_id
    where orders.contract_id is not null and not coalesce(projects.is_cancelled, false)
),

prices as (
    select * from project_price
    union all
    select * from order_price
)

select
    leg_id,
    contract_id,
    currency,
    min(record_id) as record_ref,
    cast(sum(price) as decimal(18, 4)) as price,
    cast(count(price) as integer) as priced_records,
    max(version_at) as version_at
from prices
group by leg_id, contract_id, currency
