with contribution as (
    {{- union_contributions('revenue_entry', identity_columns() + [
        'project_id', 'period', 'amount', 'currency', 'functional_amount', 'journal_source_id',
        'is_recognized'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as revenue_entry_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    project_link.contract_id,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id,
    c.period,
    c.amount,
    c.currency,
    c.functional_amount,
    legal_entity.functional_currency,
    c.journal_source_id,
    c.is_recognized
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
left join {{ ref('core_legal_entity') }} as legal_entity on project.legal_entity_id = legal_entity.legal_entity_id
