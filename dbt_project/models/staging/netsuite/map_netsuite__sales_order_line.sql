select
    {{ mapped_identity('netsuite', 'transactionline', 'line') }},
    {{ record_key('line.source_instance', 'line.transaction_id') }} as sales_order_id,
    -line.ledger_amount as net_amount,
    line.currency
from {{ ref('int_netsuite__line') }} as line
where line.line_kind = 'order_item'
