-- Cash is the ledger's: the receivable lines an invoice lists as payments (not account.payment).
with paid as (
    select
        source_instance,
        source_id as invoice_id,
        {{ json_elements('payment_line_ids') }} as line_id
    from {{ ref('int_tryton__invoice') }}
    where payment_line_ids is not null
)

select
    line.source_instance,
    line.source_id,
    line.version_at,
    line.loaded_at,
    line.source_load_id,
    line.move_id,
    line.party_id,
    line.legal_entity_id,
    line.move_date,
    line.posting_period,
    coalesce(line.second_currency, line.functional_currency) as currency,
    -coalesce(line.second_amount, line.amount) as amount,
    -line.amount as functional_amount,
    line.second_currency is not null as is_foreign,
    paid.invoice_id
from paid
inner join {{ ref('int_tryton__move_line') }} as line
    on paid.source_instance = line.source_instance and paid.line_id = line.source_id
where line.is_posted
