select
    {{ mapped_identity('netsuite', 'transaction', 'document') }},
    case document.transaction_type when 'CustInvc' then 'invoice' else 'credit_memo' end as document_type,
    document.document_number,
    document.customer_id,
    document.project_id,
    document.legal_entity_id,
    document.currency,
    document.exchange_rate,
    document.transaction_date as issue_date,
    document.due_date,
    document.posting_period,
    coalesce(document.is_posted, false) as is_posted,
    coalesce(document.is_void, false) as is_void,
    document.gross_amount,
    document.tax_amount,
    document.functional_gross,
    document.functional_net,
    {{ record_key('document.source_instance', 'document.created_from_id') }} as credited_invoice_id,
    document.po_number
from {{ ref('int_netsuite__document') }} as document
where document.transaction_type in ('CustInvc', 'CustCred')
