select
    {{ mapped_identity('netsuite', 'transaction', 'document') }},
    document.customer_id,
    document.legal_entity_id,
    document.currency,
    document.exchange_rate,
    document.transaction_date as payment_date,
    document.posting_period,
    document.gross_amount as amount
from {{ ref('int_netsuite__document') }} as document
where document.transaction_type = 'CustPymt'
