{{ config(materialized='table') }}

select
    line.source_instance,
    line.source_id,
    line.version_at,
    line.loaded_at,
    line.source_load_id,
    line.employee_id,
    line.company_id,
    line.work_date,
    line.minutes,
    line.invoice_line_id,
    work.source_id as work_id,
    work.root_id,
    work.sale_id,
    work.list_price,
    work.invoice_method,
    coalesce(work.is_internal, true) as is_internal
from {{ ref('stg_tryton__timesheet_line') }} as line
left join {{ ref('stg_tryton__timesheet_work') }} as timesheet_work
    on line.source_instance = timesheet_work.source_instance and line.work_id = timesheet_work.source_id
left join {{ ref('int_tryton__work') }} as work
    on
        timesheet_work.source_instance = work.source_instance
        and {{ tryton_reference('timesheet_work.origin', 'project.work') }} = work.source_id
where line.quarantine_reason is null
