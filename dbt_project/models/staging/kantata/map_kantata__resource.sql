select
    {{ mapped_identity('kantata', 'users', 'person') }},
    person.name,
    role.role_code,
    legal_entity.legal_entity_id,
    person.weekly_minutes,
    person.country,
    person.created_at
from {{ ref('stg_kantata__users') }} as person
left join {{ ref('stg_kantata__roles') }} as role
    on person.source_instance = role.source_instance and person.role_id = role.source_id
left join {{ ref('stg_kantata__workspace_groups') }} as home_group
    on person.source_instance = home_group.source_instance and person.workspace_group_id = home_group.source_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on home_group.source_instance = legal_entity.instance and home_group.name = legal_entity.source_key
where person.quarantine_reason is null
