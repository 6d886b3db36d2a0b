select
    {{ mapped_identity('netsuite', 'customer', 'customer') }},
    'erp' as system_role,
    customer.name,
    legal_entity.legal_entity_id,
    currency.currency_code as currency,
    customer.country,
    term.name as payment_terms,
    customer.tax_number,
    customer.tax_rate,
    not coalesce(customer.is_inactive, false) as is_active
from {{ ref('stg_netsuite__customer') }} as customer
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on customer.source_instance = legal_entity.instance and customer.subsidiary_id = legal_entity.source_key
left join {{ ref('stg_netsuite__currency') }} as currency
    on customer.source_instance = currency.source_instance and customer.currency_id = currency.source_id
left join {{ ref('stg_netsuite__term') }} as term
    on customer.source_instance = term.source_instance and customer.terms_id = term.source_id
where customer.quarantine_reason is null
