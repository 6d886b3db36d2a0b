-- Tryton knows no approval of time: all of it counts as approved on the day it was worked.
select
    {{ mapped_identity('tryton', 'timesheet_line', 'line') }},
    'psa' as system_role,
    cast(null as {{ dbt.type_string() }}) as counterpart_source_id,
    {{ record_key('line.source_instance', 'line.root_id') }} as project_id,
    {{ record_key('line.source_instance', 'line.employee_id') }} as resource_id,
    'project.work,' || line.work_id as role_code,
    line.work_date,
    line.minutes,
    not line.is_internal and (coalesce(line.invoice_method, 'manual') <> 'timesheet' or coalesce(line.list_price, 0) <> 0) as is_billable,
    true as is_approved,
    cast(line.work_date as timestamp) as approved_at,
    line.list_price as rate,
    company.currency,
    false as is_on_hold,
    false as is_written_off,
    cast(null as date) as written_off_date,
    false as is_credited,
    cast(null as timestamp) as submitted_at
from {{ ref('int_tryton__time') }} as line
left join {{ ref('stg_tryton__company_company') }} as company
    on line.source_instance = company.source_instance and line.company_id = company.source_id
