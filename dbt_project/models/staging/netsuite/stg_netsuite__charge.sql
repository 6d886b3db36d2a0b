with latest as (
    {{ latest_version(ref('base_netsuite__charge')) }}
)

select
    {{ staged_identity() }},
    job as job_id,
    {{ to_date('chargedate') }} as charge_date,
    {{ to_money('amount') }} as amount,
    currency as currency_id,
    chargetype as charge_type,
    externalid as external_id,
    stage,
    {{ to_boolean('custcol_written_off') }} as is_written_off,
    {{ to_date('custcol_written_off_date') }} as written_off_date,
    {{ quarantine_reason(
        dates=['chargedate', 'custcol_written_off_date'],
        money=['amount'],
        booleans=['custcol_written_off']
    ) }} as quarantine_reason
from latest
