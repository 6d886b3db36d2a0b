select
    {{ mapped_identity('tryton', 'sale_opportunity', 'opportunity') }},
    {{ record_key('opportunity.source_instance', 'opportunity.party_id') }} as customer_id,
    opportunity.name,
    opportunity.status as stage,
    opportunity.status = 'won' as is_won,
    opportunity.amount,
    opportunity.currency,
    opportunity.end_date as close_date,
    cast(null as {{ dbt.type_string() }}) as region,
    cast(null as {{ dbt.type_string() }}) as practice,
    legal_entity.legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as parent_opportunity_id
from {{ ref('stg_tryton__sale_opportunity') }} as opportunity
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on opportunity.source_instance = legal_entity.instance and opportunity.company_id = legal_entity.source_key
where opportunity.quarantine_reason is null
