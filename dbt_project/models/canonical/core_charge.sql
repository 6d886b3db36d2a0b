with contribution as (
    {{- contributions('charge', [
        'charge_type', 'counterpart_source_id', 'project_id', 'charge_date', 'amount', 'currency',
        'is_on_hold', 'is_written_off', 'written_off_date'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as charge_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.charge_type,
    contribution.counterpart_source_id,
    contribution.project_id,
    project_link.contract_id,
    {{ psa_record_key('project', 'contribution.counterpart_source_id') }} as counterpart_id,
    contribution.charge_date,
    contribution.amount,
    contribution.currency,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.is_on_hold,
    contribution.is_written_off,
    contribution.written_off_date
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
