with contribution as (
    {{- contributions('assignment', [
        'project_id', 'resource_id', 'role_code', 'minutes', 'start_date', 'end_date'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as assignment_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.project_id,
    project_link.contract_id,
    contribution.resource_id,
    contribution.role_code,
    contribution.minutes,
    contribution.start_date,
    contribution.end_date
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
