select
    {{ mapped_identity('netsuite', 'timebill', 'timebill') }},
    'erp' as system_role,
    timebill.external_id as counterpart_source_id,
    {{ record_key('timebill.source_instance', 'timebill.job_id') }} as project_id,
    {{ record_key('timebill.source_instance', 'timebill.employee_id') }} as resource_id,
    item.code as role_code,
    timebill.work_date,
    timebill.minutes,
    timebill.is_billable,
    cast(null as boolean) as is_approved,
    cast(null as timestamp) as approved_at,
    cast(null as decimal(18, 6)) as rate,
    cast(null as {{ dbt.type_string() }}) as currency,
    coalesce(timebill.is_on_hold, false) as is_on_hold,
    coalesce(timebill.is_written_off, false) as is_written_off,
    timebill.written_off_date,
    false as is_credited,
    cast(null as timestamp) as submitted_at
from {{ ref('stg_netsuite__timebill') }} as timebill
left join {{ ref('stg_netsuite__item') }} as item
    on timebill.source_instance = item.source_instance and timebill.item_id = item.source_id
where timebill.quarantine_reason is null
