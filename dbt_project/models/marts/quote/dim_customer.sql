with customers as (
    select * from {{ ref('core_customer') }}
    where system_role = 'crm'
)

select
    customer_id,
    name,
    legal_entity_id,
    currency,
    country
from customers
union all
select
    'unassigned' as customer_id,
    'unassigned' as name,
    'unassigned' as legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as currency,
    cast(null as {{ dbt.type_string() }}) as country
