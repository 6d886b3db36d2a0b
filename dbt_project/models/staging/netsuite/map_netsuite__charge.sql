select
    {{ mapped_identity('netsuite', 'charge', 'charge') }},
    charge.charge_type,
    charge.external_id as counterpart_source_id,
    {{ record_key('charge.source_instance', 'charge.job_id') }} as project_id,
    charge.charge_date,
    charge.amount,
    currency.currency_code as currency,
    coalesce(charge.stage = 'HOLD', false) as is_on_hold,
    coalesce(charge.is_written_off, false) as is_written_off,
    charge.written_off_date
from {{ ref('stg_netsuite__charge') }} as charge
left join {{ ref('stg_netsuite__currency') }} as currency
    on charge.source_instance = currency.source_instance and charge.currency_id = currency.source_id
where charge.quarantine_reason is null
