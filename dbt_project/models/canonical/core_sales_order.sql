with contribution as (
    {{- contributions('sales_order', [
        'project_id', 'currency', 'order_date', 'legal_entity_id', 'net_amount', 'tax_amount', 'payment_terms',
        'po_number'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as sales_order_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    project_link.contract_id,
    contribution.project_id,
    contribution.currency,
    contribution.order_date,
    coalesce(contribution.legal_entity_id, project.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.net_amount,
    contribution.tax_amount,
    contribution.payment_terms,
    contribution.po_number
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
