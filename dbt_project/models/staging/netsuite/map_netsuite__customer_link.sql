select
    {{ mapped_identity('netsuite', 'customer', 'customer') }},
    {{ record_key('customer.source_instance', 'customer.source_id') }} as linked_customer_id,
    cast(null as {{ dbt.type_string() }}) as crm_instance,
    customer.sf_account_id as crm_customer_ref,
    'cross_reference' as method,
    cast(1 as decimal(9, 6)) as score
from {{ ref('stg_netsuite__customer') }} as customer
where customer.quarantine_reason is null and customer.sf_account_id is not null
