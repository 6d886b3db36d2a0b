with contribution as (
    {{- contributions('milestone', [
        'project_id', 'amount', 'currency', 'status', 'is_accepted', 'accepted_date', 'due_date'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as milestone_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.project_id,
    project_link.contract_id,
    contribution.amount,
    contribution.currency,
    contribution.status,
    contribution.is_accepted,
    contribution.accepted_date,
    contribution.due_date,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
