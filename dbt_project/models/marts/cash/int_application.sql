with applications as (
    select * from {{ ref('core_payment_application') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

payments as (
    select * from {{ ref('core_payment') }}
    where not coalesce(is_void, false)
),

build as (
    select * from {{ ref('int_build') }}
)

select
    applications.payment_application_id,
    {{ source_columns('applications') }},
    applications.payment_id,
    applications.credit_memo_id,
    applications.invoice_id,
    applications.amount,
    coalesce(payments.legal_entity_id, credits.legal_entity_id) as legal_entity_id,
    documents.region,
    documents.practice,
    payments.payment_date,
    cast(applications.version_at as date) as applied_date
from applications
inner join documents on applications.invoice_id = documents.invoice_id
left join payments on applications.payment_id = payments.payment_id
left join documents as credits on applications.credit_memo_id = credits.invoice_id
cross join build
where
    documents.period <= build.as_of_period
    and (
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) <= build.as_of_period
        or credits.period <= build.as_of_period
    )
