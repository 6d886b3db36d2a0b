with documents as (
    select * from {{ ref('int_posted_document') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

applications as (
    select * from {{ ref('core_payment_application') }}
    where payment_id is not null
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

functional as (
    select
        legal_entities.legal_entity_id,
        legal_entities.functional_currency,
        currencies.minor_unit
    from legal_entities
    left join currencies on legal_entities.functional_currency = currencies.currency_id
),

-- a payment relieves what it is applied to at the invoice's rate, and the rest at its own
applied_part as (
    select
        applications.payment_id,
        applications.amount,
        {{ round_to_minor_unit(money_times('applications.amount', 'invoices.exchange_rate'), 'functional.minor_unit') }}
            as functional_amount,
        greatest(applications.source_load_id, invoices.source_load_id) as source_load_id
    from applications
    inner join payments on applications.payment_id = payments.payment_id
    inner join invoices on applications.invoice_id = invoices.invoice_id
    left join functional on payments.legal_entity_id = functional.legal_entity_id
),

applied as (
    select
        payment_id,
        sum(amount) as amount,
        sum(functional_amount) as functional_amount,
        max(source_load_id) as source_load_id
    from applied_part
    group by payment_id
),

relieved as (
    select
        payments.payment_id,
        payments.document_type,
        payments.legal_entity_id,
        payments.customer_id,
        payments.payment_date,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        payments.version_at,
        -- what a payment relieves changes with the invoices it is applied to, too
        greatest(payments.source_load_id, coalesce(applied.source_load_id, payments.source_load_id)) as source_load_id,
        coalesce(applied.functional_amount, 0) as applied_functional,
        {{ round_to_minor_unit(
            money_times('payments.amount - coalesce(applied.amount, 0)', 'payments.exchange_rate'), 'functional.minor_unit'
        ) }} as unapplied_functional
    from payments
    left join applied on payments.payment_id = applied.payment_id
    left join functional on payments.legal_entity_id = functional.legal_entity_id
)

select
    documents.invoice_id as document_key,
    documents.document_type as movement_type,
    documents.legal_entity_id,
    functional.functional_currency as currency,
    documents.contract_id,
    documents.customer_id,
    documents.period,
    documents.issue_date as event_date,
    cast(documents.functional_gross as decimal(18, 4)) as amount,
    documents.version_at,
    documents.source_load_id
from documents
left join functional on documents.legal_entity_id = functional.legal_entity_id
union all
select
    relieved.payment_id as document_key,
    relieved.document_type as movement_type,
    relieved.legal_entity_id,
    functional.functional_currency as currency,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    relieved.customer_id,
    relieved.period,
    relieved.payment_date as event_date,
    cast(-(relieved.applied_functional + relieved.unapplied_functional) as decimal(18, 4)) as amount,
    relieved.version_at,
    relieved.source_load_id
from relieved
left join functional on relieved.legal_entity_id = functional.legal_entity_id
