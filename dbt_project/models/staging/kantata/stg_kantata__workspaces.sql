with latest as (
    {{ latest_version(ref('base_kantata__workspaces')) }}
)

select
    {{ staged_identity() }},
    title,
    currency,
    {{ cents_to_money('price_in_cents') }} as price_amount,
    {{ to_date('start_date') }} as start_date,
    {{ to_date('due_date') }} as due_date,
    status,
    {{ to_boolean('archived') }} as is_archived,
    stage,
    workspace_group_ids,
    {{ to_timestamp('created_at') }} as created_at,
    {{ quarantine_reason(
        cents=['price_in_cents'],
        dates=['start_date', 'due_date'],
        booleans=['archived'],
        timestamps=['created_at']
    ) }} as quarantine_reason
from latest
