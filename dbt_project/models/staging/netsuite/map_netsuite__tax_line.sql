select
    {{ mapped_identity('netsuite', 'transactionline', 'line') }},
    {{ record_key('line.source_instance', 'line.transaction_id') }} as invoice_id,
    -line.ledger_amount as tax_amount,
    line.currency
from {{ ref('int_netsuite__line') }} as line
where line.line_kind = 'invoice_tax'
