-- A voided payment is undone by a journal that names it: its whole amount, at its own rate, on the journal's date.
select
    {{ mapped_identity('netsuite', 'transaction', 'document') }},
    'payment' as document_type,
    document.customer_id,
    document.legal_entity_id,
    document.currency,
    document.exchange_rate,
    document.transaction_date as payment_date,
    document.posting_period,
    document.gross_amount as amount,
    coalesce(document.is_void, false) as is_void,
    cast(null as {{ dbt.type_string() }}) as reversed_payment_id
from {{ ref('int_netsuite__document') }} as document
where document.document_type = 'payment'
union all
select
    {{ mapped_identity('netsuite', 'transaction', 'journal') }},
    'reversal' as document_type,
    payment.customer_id,
    coalesce(journal.legal_entity_id, payment.legal_entity_id) as legal_entity_id,
    payment.currency,
    payment.exchange_rate,
    journal.transaction_date as payment_date,
    journal.posting_period,
    -payment.gross_amount as amount,
    false as is_void,
    {{ record_key('payment.source_instance', 'payment.source_id') }} as reversed_payment_id
from {{ ref('int_netsuite__document') }} as journal
inner join {{ ref('int_netsuite__document') }} as payment
    on journal.source_instance = payment.source_instance and journal.reversed_id = payment.source_id
where journal.document_type = 'reversal' and payment.document_type = 'payment'
