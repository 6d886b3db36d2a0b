select
    {{ mapped_identity('kantata', 'holidays', 'holiday') }},
    legal_entity.legal_entity_id,
    holiday.holiday_date,
    holiday.name
from {{ ref('stg_kantata__holidays') }} as holiday
left join {{ ref('stg_kantata__workspace_groups') }} as home_group
    on holiday.source_instance = home_group.source_instance and holiday.workspace_group_id = home_group.source_id
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on home_group.source_instance = legal_entity.instance and home_group.name = legal_entity.source_key
where holiday.quarantine_reason is null
