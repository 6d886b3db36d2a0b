select
    {{ mapped_identity('netsuite', 'department', 'department') }},
    department.code,
    not coalesce(department.is_inactive, false) as is_active
from {{ ref('stg_netsuite__department') }} as department
where department.quarantine_reason is null
