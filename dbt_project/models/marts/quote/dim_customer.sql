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
    'unassigned',
    'unassigned',
    'unassigned',
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }})
