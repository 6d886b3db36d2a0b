with latest as (
    {{ latest_version(ref('base_netsuite__accountingperiod')) }}
)

select
    {{ staged_identity() }},
    periodname as name,
    {{ to_date('startdate') }} as start_date,
    {{ to_date('enddate') }} as end_date,
    {{ to_boolean('closed') }} as is_closed,
    {{ to_boolean('arlocked') }} as is_ar_locked,
    {{ to_boolean('alllocked') }} as is_all_locked,
    {{ to_boolean('isyear') }} as is_year,
    {{ to_boolean('isquarter') }} as is_quarter,
    {{ quarantine_reason(
        dates=['startdate', 'enddate'],
        booleans=['closed', 'arlocked', 'alllocked', 'isyear', 'isquarter']
    ) }} as quarantine_reason
from latest
