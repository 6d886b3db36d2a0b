select
    {{ mapped_identity('netsuite', 'item', 'item') }},
    item.code as role_code,
    not coalesce(item.is_inactive, false) as is_active
from {{ ref('stg_netsuite__item') }} as item
where item.quarantine_reason is null
