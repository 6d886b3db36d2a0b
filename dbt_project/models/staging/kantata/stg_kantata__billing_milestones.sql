with latest as (
    {{ latest_version(ref('base_kantata__billing_milestones')) }}
)

select
    {{ staged_identity() }},
    workspace_id,
    title,
    {{ cents_to_money('amount_in_cents') }} as amount,
    currency,
    {{ to_date('due_date') }} as due_date,
    status,
    {{ to_date('accepted_date') }} as accepted_date,
    {{ quarantine_reason(cents=['amount_in_cents'], dates=['due_date', 'accepted_date']) }} as quarantine_reason
from latest
