with contribution as (
    {{- contributions('revenue_entry', [
        'project_id', 'legal_entity_id', 'period', 'amount', 'currency', 'functional_amount', 'journal_source_id',
        'is_recognized'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as revenue_entry_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.project_id,
    project_link.contract_id,
    coalesce(contribution.legal_entity_id, project.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.period,
    contribution.amount,
    contribution.currency,
    contribution.functional_amount,
    legal_entity.functional_currency,
    contribution.journal_source_id,
    contribution.is_recognized
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
left join {{ ref('core_legal_entity') }} as legal_entity
    on coalesce(contribution.legal_entity_id, project.legal_entity_id) = legal_entity.legal_entity_id
