select
    {{ mapped_identity('netsuite', 'nexttransactionlinelink', 'link') }},
    case settling.transaction_type
        when 'CustPymt' then {{ record_key('link.source_instance', 'link.settling_id') }}
    end as payment_id,
    case settling.transaction_type
        when 'CustCred' then {{ record_key('link.source_instance', 'link.settling_id') }}
    end as credit_memo_id,
    {{ record_key('link.source_instance', 'link.invoice_id') }} as invoice_id,
    link.amount,
    settling.currency
from {{ ref('stg_netsuite__nexttransactionlinelink') }} as link
inner join {{ ref('int_netsuite__document') }} as settling
    on link.source_instance = settling.source_instance and link.settling_id = settling.source_id
where
    link.quarantine_reason is null
    and link.link_type = 'Payment'
    and settling.transaction_type in ('CustPymt', 'CustCred')
