with contribution as (
    {{- contributions('customer_link', [
        'linked_customer_id', 'crm_instance', 'crm_customer_ref', 'method', 'score'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as customer_link_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    customer.customer_id,
    contribution.linked_customer_id,
    contribution.method,
    contribution.score
from contribution
inner join {{ ref('core_customer') }} as customer
    on
        contribution.crm_customer_ref = customer.source_id
        and customer.system_role = 'crm'
        and (contribution.crm_instance is null or contribution.crm_instance = customer.source_instance)
qualify
    row_number() over (
        partition by contribution.source_instance, contribution.source_id order by customer.customer_id nulls last
    ) = 1
