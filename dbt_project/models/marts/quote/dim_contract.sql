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
    'unassigned' as contract_id,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    'unassigned' as contract_number,
    'unassigned' as customer_id,
    'unassigned' as customer_name,
    'unassigned' as legal_entity_id,
    'unassigned' as region,
    'unassigned' as practice,
    'unassigned' as billing_type,
    'unassigned' as status,
    false as is_executed,
    cast(null as {{ dbt.type_string() }}) as currency,
    cast(null as {{ dbt.type_string() }}) as functional_currency,
    cast(null as date) as signed_date,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    cast(null as date) as closed_date
