select
    {{ mapped_identity('salesforce', 'Contract', 'contract') }},
    {{ record_key('contract.source_instance', 'contract.opportunity_id') }} as opportunity_id,
    {{ record_key('contract.source_instance', 'contract.account_id') }} as customer_id,
    contract.contract_number,
    contract.status,
    contract.signed_date is not null
    and coalesce(contract.status in ('Activated', 'On Hold', 'Expired'), false) as is_executed,
    contract.signed_date,
    contract.start_date,
    contract.end_date,
    contract.signed_value,
    contract.currency,
    contract.billing_type,
    contract.recognition_rule,
    contract.payment_terms,
    contract.po_number,
    contract.cap_amount,
    contract.closed_date,
    contract.debooked_amount,
    contract.planned_cost,
    legal_entity.legal_entity_id,
    contract.tax_code,
    contract.is_po_required,
    contract.po_amount,
    contract.discount_percent,
    contract.expense_markup_percent,
    contract.hold_from,
    contract.revenue_judgement
from {{ ref('stg_salesforce__contract') }} as contract
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on contract.source_instance = legal_entity.instance and contract.legal_entity_key = legal_entity.source_key
where contract.quarantine_reason is null
