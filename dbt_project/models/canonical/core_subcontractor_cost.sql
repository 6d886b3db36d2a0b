with contribution as (
    {{- contributions('subcontractor_cost', [
        'project_id', 'resource_id', 'expense_date', 'amount', 'currency', 'category', 'is_billable',
        'is_approved', 'approved_at', 'cost_centre', 'vendor_name'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as subcontractor_cost_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.project_id,
    project_link.contract_id,
    contribution.resource_id,
    contribution.expense_date,
    {{ period_of('contribution.expense_date') }} as period,
    contribution.amount,
    contribution.currency,
    contribution.category,
    contribution.is_billable,
    contribution.is_approved,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.approved_at,
    contribution.cost_centre,
    contribution.vendor_name
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
