select
    {{ mapped_identity('netsuite', 'transaction', 'document') }},
    document.project_id,
    document.currency,
    document.transaction_date as order_date,
    document.legal_entity_id,
    cast(document.gross_amount - coalesce(document.tax_amount, 0) as decimal(18, 4)) as net_amount,
    document.tax_amount,
    document.payment_terms,
    document.po_number
from {{ ref('int_netsuite__document') }} as document
where document.transaction_type = 'SalesOrd'
