select
    tax.source_instance,
    tax.source_id,
    tax.tax_amount
from {{ ref('stg_tryton__account_invoice_tax') }} as tax
inner join {{ ref('stg_tryton__account_invoice') }} as invoice
    on tax.source_instance = invoice.source_instance and tax.invoice_id = invoice.source_id
where tax.quarantine_reason is null and invoice.quarantine_reason is null and invoice.invoice_type <> 'out'
