-- An exchange difference is a move without origin in a write-off journal, reconciled with lines in a foreign currency.
with foreign_reconciliation as (
    select distinct
        source_instance,
        reconciliation_id
    from {{ ref('int_tryton__move_line') }}
    where second_currency is not null and reconciliation_id is not null
),

exchange_move as (
    select distinct
        line.source_instance,
        line.move_id
    from {{ ref('int_tryton__move_line') }} as line
    inner join foreign_reconciliation as settled
        on line.source_instance = settled.source_instance and line.reconciliation_id = settled.reconciliation_id
    where line.journal_type = 'write-off' and line.origin_invoice_id is null
),

paying_move as (
    select
        source_instance,
        move_id,
        min(cast(source_id as integer)) as payment_id
    from {{ ref('int_tryton__payment') }}
    group by source_instance, move_id
)

select
    {{ mapped_identity('tryton', 'account_move_line', 'entry') }},
    {{ record_key('entry.source_instance', 'entry.move_id') }} as transaction_source_id,
    case
        when invoice.source_id is not null and invoice.gross_amount < 0 then 'credit_memo'
        when invoice.source_id is not null then 'invoice'
        when paying_move.move_id is not null then 'payment'
        when exchange_move.move_id is not null then 'fx_revaluation'
        else 'journal'
    end as document_type,
    case
        when invoice.source_id is not null then {{ record_key('entry.source_instance', 'invoice.source_id') }}
        when own_payment.source_id is not null then {{ record_key('entry.source_instance', 'own_payment.source_id') }}
        when paying_move.payment_id is not null
            then {{ record_key('entry.source_instance', 'cast(paying_move.payment_id as ' ~ dbt.type_string() ~ ')') }}
    end as document_id,
    {{ record_key('entry.source_instance', 'entry.account_id') }} as gl_account_id,
    {{ tryton_sale_project('entry.source_instance', 'invoice.sale_id') }} as project_id,
    entry.legal_entity_id,
    entry.posting_period,
    cast(entry.amount as decimal(18, 4)) as amount
from {{ ref('int_tryton__move_line') }} as entry
left join {{ ref('int_tryton__invoice') }} as invoice
    on entry.source_instance = invoice.source_instance and entry.move_id = invoice.move_id
left join {{ ref('int_tryton__payment') }} as own_payment
    on entry.source_instance = own_payment.source_instance and entry.source_id = own_payment.source_id
left join paying_move on entry.source_instance = paying_move.source_instance and entry.move_id = paying_move.move_id
left join exchange_move
    on entry.source_instance = exchange_move.source_instance and entry.move_id = exchange_move.move_id
where entry.is_posted
