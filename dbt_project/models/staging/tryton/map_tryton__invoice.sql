select
    {{ mapped_identity('tryton', 'account_invoice', 'invoice') }},
    case
        when invoice.gross_amount < 0 or invoice.credited_invoice_id is not null then 'credit_memo' else 'invoice'
    end as document_type,
    invoice.document_number,
    {{ record_key('invoice.source_instance', 'invoice.party_id') }} as customer_id,
    {{ tryton_sale_project('invoice.source_instance', 'invoice.sale_id') }} as project_id,
    invoice.legal_entity_id,
    invoice.currency,
    cast(case
        when invoice.functional_gross is null or invoice.gross_amount = 0 then 1
        else {{ money_div('invoice.functional_gross', 'invoice.gross_amount', 6) }}
    end as decimal(18, 6)) as exchange_rate,
    invoice.invoice_date as issue_date,
    invoice.due_date,
    invoice.posting_period,
    invoice.is_posted,
    invoice.is_void,
    invoice.gross_amount,
    invoice.tax_amount,
    cast(invoice.functional_gross as decimal(18, 4)) as functional_gross,
    cast(invoice.functional_net as decimal(18, 4)) as functional_net,
    {{ record_key('invoice.source_instance', 'invoice.credited_invoice_id') }} as credited_invoice_id,
    cast(null as {{ dbt.type_string() }}) as po_number,
    cast(null as {{ dbt.type_string() }}) as created_by,
    cast(null as {{ dbt.type_string() }}) as credit_reason,
    cast(null as {{ dbt.type_string() }}) as payment_terms,
    cast(null as boolean) as is_disputed,
    cast(null as date) as dispute_opened,
    cast(null as date) as dispute_closed,
    cast(null as {{ dbt.type_string() }}) as dispute_reason
from {{ ref('int_tryton__invoice') }} as invoice
