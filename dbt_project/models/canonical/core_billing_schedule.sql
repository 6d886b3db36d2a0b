with contribution as (
    {{- union_contributions('billing_schedule', identity_columns() + [
        'project_id', 'scheduled_date', 'amount', 'currency', 'is_billed'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as billing_schedule_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    project_link.contract_id,
    c.scheduled_date,
    c.amount,
    c.currency,
    c.is_billed,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
