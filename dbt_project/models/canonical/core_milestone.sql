with contribution as (
    {{- union_contributions('milestone', identity_columns() + [
        'project_id', 'amount', 'currency', 'status', 'is_accepted', 'accepted_date', 'due_date'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as milestone_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    c.project_id,
    project_link.contract_id,
    c.amount,
    c.currency,
    c.status,
    c.is_accepted,
    c.accepted_date,
    c.due_date,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
