with latest as (
    {{ latest_version(ref('base_kantata__expenses')) }}
)

select
    {{ staged_identity() }},
    workspace_id,
    user_id,
    {{ to_date('date') }} as expense_date,
    {{ cents_to_money('amount_in_cents') }} as amount,
    currency,
    category,
    cost_center as cost_centre,
    vendor_name,
    {{ to_boolean('billable') }} as is_billable,
    {{ to_boolean('approved') }} as is_approved,
    {{ quarantine_reason(dates=['date'], cents=['amount_in_cents'], booleans=['billable', 'approved']) }} as quarantine_reason
from latest
