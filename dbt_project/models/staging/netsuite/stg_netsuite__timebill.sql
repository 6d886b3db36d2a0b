{{ config(materialized='table') }}

with latest as (
    {{ latest_version(ref('base_netsuite__timebill')) }}
)

select
    {{ staged_identity() }},
    employee as employee_id,
    customer as job_id,
    item as item_id,
    {{ to_date('trandate') }} as work_date,
    {{ hours_to_minutes('hours') }} as minutes,
    {{ to_boolean('isbillable') }} as is_billable,
    approvalstatus as approval_status,
    externalid as external_id,
    {{ to_boolean('custcol_billing_hold') }} as is_on_hold,
    {{ to_boolean('custcol_written_off') }} as is_written_off,
    {{ to_date('custcol_written_off_date') }} as written_off_date,
    {{ quarantine_reason(
        dates=['trandate', 'custcol_written_off_date'],
        hours=['hours'],
        booleans=['isbillable', 'custcol_billing_hold', 'custcol_written_off']
    ) }} as quarantine_reason
from latest
