select
    {{ mapped_identity('kantata', 'assignments', 'assignment') }},
    {{ record_key('assignment.source_instance', 'assignment.workspace_id') }} as project_id,
    {{ record_key('assignment.source_instance', 'assignment.user_id') }} as resource_id,
    role.role_code,
    assignment.minutes,
    assignment.start_date,
    assignment.end_date
from {{ ref('stg_kantata__assignments') }} as assignment
left join {{ ref('stg_kantata__roles') }} as role
    on assignment.source_instance = role.source_instance and assignment.role_id = role.source_id
where assignment.quarantine_reason is null
