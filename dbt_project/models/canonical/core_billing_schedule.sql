with contribution as (
    {{- contributions('billing_schedule', [
        'project_id', 'scheduled_date', 'amount', 'currency', 'is_billed'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as billing_schedule_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    project_link.contract_id,
    contribution.scheduled_date,
    contribution.amount,
    contribution.currency,
    contribution.is_billed,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
