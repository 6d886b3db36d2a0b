-- Tryton has no recognition subledger: what is posted on a revenue account is what is recognized.
select
    {{ mapped_identity('tryton', 'account_move_line', 'entry') }},
    {{ tryton_sale_project('entry.source_instance', 'invoice.sale_id') }} as project_id,
    entry.legal_entity_id,
    entry.posting_period as period,
    cast(-coalesce(entry.second_amount, entry.amount) as decimal(18, 4)) as amount,
    coalesce(entry.second_currency, entry.functional_currency) as currency,
    cast(-entry.amount as decimal(18, 4)) as functional_amount,
    {{ record_key('entry.source_instance', 'entry.move_id') }} as journal_source_id,
    true as is_recognized
from {{ ref('int_tryton__move_line') }} as entry
left join {{ ref('int_tryton__invoice') }} as invoice
    on entry.source_instance = invoice.source_instance and entry.move_id = invoice.move_id
where entry.is_posted and entry.is_revenue
