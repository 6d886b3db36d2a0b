{{ config(materialized='view') }}

select
    invoice.invoice_id as dispute_id,
    {{ canonical_identity('invoice') }},
    invoice.qtc_id,
    {{ canonical_version('invoice') }},
    invoice.invoice_id,
    invoice.dispute_opened as opened_date,
    invoice.dispute_closed as closed_date,
    invoice.dispute_reason as reason
from {{ ref('core_invoice') }} as invoice
where invoice.is_disputed or invoice.dispute_opened is not null
