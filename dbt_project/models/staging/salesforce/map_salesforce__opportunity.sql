select
    {{ mapped_identity('salesforce', 'Opportunity', 'opportunity') }},
    {{ record_key('opportunity.source_instance', 'opportunity.account_id') }} as customer_id,
    opportunity.name,
    opportunity.stage,
    opportunity.is_won,
    opportunity.amount,
    opportunity.currency,
    opportunity.close_date,
    opportunity.region,
    opportunity.practice,
    legal_entity.legal_entity_id,
    {{ record_key('opportunity.source_instance', 'opportunity.parent_opportunity_id') }} as parent_opportunity_id
from {{ ref('stg_salesforce__opportunity') }} as opportunity
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on opportunity.source_instance = legal_entity.instance and opportunity.legal_entity_key = legal_entity.source_key
where opportunity.quarantine_reason is null
