with contribution as (
    {{- union_contributions('customer_link', identity_columns() + [
        'linked_customer_id', 'crm_instance', 'crm_customer_ref', 'method', 'score'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as customer_link_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    customer.customer_id,
    c.linked_customer_id,
    c.method,
    c.score
from contribution as c
inner join {{ ref('core_customer') }} as customer
    on
        c.crm_customer_ref = customer.source_id
        and customer.system_role = 'crm'
        and (c.crm_instance is null or c.crm_instance = customer.source_instance)
qualify
    row_number() over (
        partition by c.source_instance, c.source_id order by customer.customer_id nulls last
    ) = 1
