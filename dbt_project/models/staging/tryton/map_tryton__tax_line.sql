select
    {{ mapped_identity('tryton', 'account_invoice_tax', 'tax') }},
    {{ record_key('tax.source_instance', 'tax.invoice_id') }} as invoice_id,
    tax.tax_amount,
    invoice.currency
from {{ ref('stg_tryton__account_invoice_tax') }} as tax
inner join {{ ref('int_tryton__invoice') }} as invoice
    on tax.source_instance = invoice.source_instance and tax.invoice_id = invoice.source_id
where tax.quarantine_reason is null
