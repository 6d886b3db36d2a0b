select
    link.source_instance,
    link.source_id,
    link.amount
from {{ ref('stg_netsuite__nexttransactionlinelink') }} as link
left join {{ ref('int_netsuite__document') }} as settling
    on link.source_instance = settling.source_instance and link.settling_id = settling.source_id
where
    link.quarantine_reason is null
    and link.link_type = 'Payment'
    and coalesce(settling.transaction_type, '') not in ('CustPymt', 'CustCred')
