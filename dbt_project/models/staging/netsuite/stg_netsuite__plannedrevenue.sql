with latest as (
    {{ latest_version(ref('base_netsuite__plannedrevenue')) }}
)

select
    {{ staged_identity() }},
    revenueelement as revenue_element_id,
    postingperiod as posting_period_id,
    {{ to_money('amount') }} as amount,
    {{ to_money('functionalamount') }} as functional_amount,
    currency as currency_id,
    {{ to_boolean('isrecognized') }} as is_recognized,
    journal as journal_id,
    {{ quarantine_reason(money=['amount', 'functionalamount'], booleans=['isrecognized']) }} as quarantine_reason
from latest
