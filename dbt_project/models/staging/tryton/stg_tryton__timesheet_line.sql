{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_tryton__timesheet_line')) }}
),

untagged as (
    select
        instance,
        record_id,
        version_at,
        read_at,
        load_id,
        is_malformed,
        company as company_id,
        employee as employee_id,
        {{ tryton_date('"date"') }} as work_date,
        work as work_id,
        {{ tryton_seconds('duration') }} as minutes,
        {{ tryton_decimal('cost_price') }} as cost_rate,
        invoice_line as invoice_line_id,
        description
    from latest
)

select
    {{ staged_identity() }},
    company_id,
    employee_id,
    {{ to_date('work_date') }} as work_date,
    work_id,
    {{ seconds_to_minutes('minutes') }} as minutes,
    {{ to_rate('cost_rate') }} as cost_rate,
    invoice_line_id,
    description,
    {{ quarantine_reason(dates=['work_date'], rates=['minutes', 'cost_rate']) }} as quarantine_reason
from untagged
