with contribution as (
    {{- union_contributions('assignment', identity_columns() + [
        'project_id', 'resource_id', 'role_code', 'estimated_minutes', 'start_date', 'end_date'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as assignment_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    c.project_id,
    project_link.contract_id,
    c.resource_id,
    c.role_code,
    c.estimated_minutes,
    c.start_date,
    c.end_date
from contribution as c
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on c.project_id = project_link.project_id
