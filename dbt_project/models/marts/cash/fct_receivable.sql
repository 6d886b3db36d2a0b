with build as (
    select * from {{ ref('int_build') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

payments as (
    select * from {{ ref('fct_payment') }}
),

applications as (
    select * from {{ ref('int_application') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

relieved as (
    select
        invoice_id,
        sum(amount) as amount
    from applications
    group by invoice_id
),

used as (
    select
        credit_memo_id as invoice_id,
        sum(amount) as amount
    from applications
    where credit_memo_id is not null
    group by credit_memo_id
),

open_document as (
    select
        documents.invoice_id as receivable_id,
        documents.document_type,
        documents.document_number,
        documents.qtc_id,
        documents.contract_id,
        documents.customer_id,
        documents.legal_entity_id,
        documents.region,
        documents.practice,
        documents.issue_date,
        case when documents.document_type = 'invoice' then invoices.due_date end as due_date,
        documents.currency,
        documents.gross_amount,
        documents.gross_amount - coalesce(relieved.amount, 0) + coalesce(used.amount, 0) as open_amount
    from documents
    inner join invoices on documents.invoice_id = invoices.invoice_id
    cross join build
    left join relieved on documents.invoice_id = relieved.invoice_id
    left join used on documents.invoice_id = used.invoice_id
    where documents.period <= build.as_of_period
),

open_payment as (
    select
        payment_id as receivable_id,
        'payment' as document_type,
        cast(null as {{ dbt.type_string() }}) as document_number,
        qtc_id,
        cast(null as {{ dbt.type_string() }}) as contract_id,
        customer_id,
        legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        payment_date as issue_date,
        cast(null as date) as due_date,
        currency,
        -(received_amount + reversed_amount) as gross_amount,
        -unapplied_amount as open_amount
    from payments
),

receivables as (
    select * from open_document
    where open_amount <> 0
    union all
    select * from open_payment
    where open_amount <> 0
),

aged as (
    select
        receivables.*,
        build.as_of_period as period,
        {{ days_between('receivables.due_date', 'build.as_of_date') }} as days_past_due
    from receivables
    cross join build
)

select
    aged.receivable_id,
    aged.period,
    aged.document_type,
    aged.document_number,
    aged.qtc_id,
    coalesce(aged.contract_id, 'unassigned') as contract_id,
    coalesce(aged.customer_id, 'unassigned') as customer_id,
    aged.legal_entity_id,
    aged.region,
    aged.practice,
    aged.issue_date,
    aged.due_date,
    aged.days_past_due,
    case
        when aged.document_type <> 'invoice' then 'unapplied'
        when aged.days_past_due is null or aged.days_past_due <= 0 then 'current'
        when aged.days_past_due <= 30 then '1-30'
        when aged.days_past_due <= 60 then '31-60'
        when aged.days_past_due <= 90 then '61-90'
        else '90+'
    end as age_bucket,
    aged.currency,
    cast(aged.gross_amount as decimal(18, 4)) as gross_amount,
    cast(aged.open_amount as decimal(18, 4)) as open_amount,
    rates.rate as reporting_rate,
    {{ to_reporting('aged.open_amount', 'rates.rate') }} as open_reporting
from aged
left join rates on aged.currency = rates.currency
