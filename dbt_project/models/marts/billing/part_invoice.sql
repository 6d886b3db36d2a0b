{{ config(materialized='view') }}

with documents as (
    select * from {{ ref('int_issued_invoice') }}
),

invoices as (
    select * from documents
    where is_invoice
)

{{ parts('invoice_exceptions', [
    (
        'documents', 'invoice_exception_rate', 'issued',
        'case when is_invoice and is_excepted then 1 else 0 end', 'case when is_invoice then 1 else 0 end', 'ratio', none
    ),
    ('invoices', 'invoice_exception_rate', 'reissued', 'case when is_reissued then 1 else 0 end', '1', 'ratio', none),
    (
        'invoices', 'touchless_invoice_rate', 'integration',
        'case when is_integrated is null then null when is_integrated and not is_credited and not is_excepted then 1 else 0 end',
        '1', 'ratio', none
    ),
    (
        'invoices', 'dispute_rate', 'count',
        'case when is_disputed is null then null when is_disputed then 1 else 0 end', '1', 'ratio', none
    ),
    (
        'invoices', 'dispute_rate', 'amount',
        'case when is_disputed is null then null when is_disputed then gross_reporting else 0 end', 'gross_reporting', 'ratio', none
    )
]) }}
