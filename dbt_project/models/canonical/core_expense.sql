with contribution as (
    {{- union_contributions('expense', identity_columns() + [
        'project_id', 'resource_id', 'expense_date', 'amount', 'currency', 'category', 'is_billable',
        'is_approved'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as expense_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    c.project_id,
    project_link.contract_id,
    c.resource_id,
    c.expense_date,
    {{ period_of('c.expense_date') }} as period,
    c.amount,
    c.currency,
    c.category,
    c.is_billable,
    c.is_approved,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
