{{ set_aside(
    'kantata', 'workspace_groups', ref('stg_kantata__workspace_groups'),
    reason="'its name is the legal entity of its projects and people'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'kantata', 'external_references', ref('stg_kantata__external_references'),
    reason="'link of a project, see core_project_link'",
    condition="record.quarantine_reason is null"
) }}

union all

{{ set_aside(
    'kantata', 'roles', ref('stg_kantata__roles'),
    reason="'its name is the role code of people and time'",
    condition="record.quarantine_reason is null"
) }}
