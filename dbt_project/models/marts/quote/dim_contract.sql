with contracts as (
    select * from {{ ref('core_contract') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
)

select
    contracts.contract_id,
    contracts.qtc_id,
    contracts.contract_number,
    coalesce(customers.customer_id, 'unassigned') as customer_id,
    coalesce(customers.name, 'unassigned') as customer_name,
    contracts.legal_entity_id,
    coalesce(contracts.region, 'unassigned') as region,
    coalesce(contracts.practice, 'unassigned') as practice,
    coalesce(contracts.billing_type, 'unassigned') as billing_type,
    coalesce(contracts.status, 'unassigned') as status,
    contracts.is_executed,
    contracts.currency,
    contracts.functional_currency,
    contracts.signed_date,
    contracts.start_date,
    contracts.end_date,
    contracts.closed_date
from contracts
left join customers on contracts.customer_id = customers.customer_id
union all
select
    'unassigned',
    cast(null as {{ dbt.type_string() }}),
    'unassigned',
    'unassigned',
    'unassigned',
    'unassigned',
    'unassigned',
    'unassigned',
    'unassigned',
    'unassigned',
    false,
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    cast(null as date),
    cast(null as date),
    cast(null as date),
    cast(null as date)
