select
    {{ mapped_identity('netsuite', 'billingscheduleline', 'schedule_line') }},
    {{ record_key('schedule_line.source_instance', 'schedule_line.job_id') }} as project_id,
    schedule_line.scheduled_date,
    schedule_line.amount,
    currency.currency_code as currency,
    coalesce(schedule_line.is_billed, false) as is_billed
from {{ ref('stg_netsuite__billingscheduleline') }} as schedule_line
left join {{ ref('stg_netsuite__currency') }} as currency
    on schedule_line.source_instance = currency.source_instance and schedule_line.currency_id = currency.source_id
where schedule_line.quarantine_reason is null
