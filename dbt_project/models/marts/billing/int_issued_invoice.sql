with documents as (
    select * from {{ ref('int_posted_document') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

exceptions as (
    select * from {{ ref('fct_invoice_exception') }}
),

instances as (
    select * from {{ source('raw', 'qtc_instance') }}
    where role = 'erp'
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

excepted as (
    select distinct invoice_id from exceptions
),

credited as (
    select
        invoices.credited_invoice_id as invoice_id,
        max(case when invoices.credit_reason = 'rebill' then 1 else 0 end) as is_rebilled
    from documents
    inner join invoices on documents.invoice_id = invoices.invoice_id
    where documents.document_type = 'credit_memo' and invoices.credited_invoice_id is not null
    group by invoices.credited_invoice_id
)

select
    documents.invoice_id,
    {{ source_columns('invoices') }},
    {{ period_of('documents.issue_date') }} as month,
    documents.legal_entity_id,
    documents.region,
    documents.practice,
    documents.document_type = 'invoice' as is_invoice,
    excepted.invoice_id is not null as is_excepted,
    credited.invoice_id is not null as is_credited,
    coalesce(credited.is_rebilled, 0) = 1 as is_reissued,
    invoices.dispute_opened is not null or invoices.is_disputed as is_disputed,
    invoices.created_by = instances.integration_user as is_integrated,
    {{ to_reporting('documents.gross_amount', 'rates.rate') }} as gross_reporting
from documents
inner join invoices on documents.invoice_id = invoices.invoice_id
left join excepted on documents.invoice_id = excepted.invoice_id
left join credited on documents.invoice_id = credited.invoice_id
left join instances on documents.source_instance = instances.instance
left join rates on documents.currency = rates.currency and {{ period_of('documents.issue_date') }} = rates.period
