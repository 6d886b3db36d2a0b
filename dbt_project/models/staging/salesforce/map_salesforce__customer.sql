select
    {{ mapped_identity('salesforce', 'Account', 'account') }},
    'crm' as system_role,
    account.name,
    legal_entity.legal_entity_id,
    account.currency,
    account.billing_country as country,
    account.payment_terms,
    account.tax_number,
    cast(null as decimal(18, 6)) as tax_rate,
    true as is_active
from {{ ref('stg_salesforce__account') }} as account
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on account.source_instance = legal_entity.instance and account.legal_entity_key = legal_entity.source_key
where account.quarantine_reason is null
