{{ config(materialized='view') }}

with build as (
    select * from {{ ref('int_build') }}
),

receivables as (
    select * from {{ ref('fct_receivable') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice'
),

outstanding as (
    select * from {{ ref('int_days_outstanding') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

owed as (
    select
        receivables.period as month,
        receivables.legal_entity_id,
        receivables.region,
        receivables.practice,
        receivables.age_bucket,
        receivables.open_reporting as amount,
        {{ source_columns_of_either('invoices', 'payments') }}
    from receivables
    left join invoices on receivables.receivable_id = invoices.invoice_id
    left join payments on receivables.receivable_id = payments.payment_id
),

-- days outstanding are of a legal entity: regions and practices do not collect
owed_entity as (
    select
        month,
        legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        amount,
        {{ source_columns('owed') }}
    from owed
),

invoiced_entity as (
    select
        build.as_of_period as month,
        documents.legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        {{ to_reporting('documents.gross_amount', 'rates.rate') }} as amount,
        {{ source_columns('invoices') }}
    from documents
    inner join invoices on documents.invoice_id = invoices.invoice_id
    cross join build
    left join rates on documents.currency = rates.currency
    where
        documents.period <= build.as_of_period
        and documents.issue_date <= build.as_of_date
        and {{ days_between('documents.issue_date', 'build.as_of_date') }} < 90
),

counted_entity as (
    select
        build.as_of_period as month,
        outstanding.legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        outstanding.days,
        {{ source_columns_of_either('invoices', 'legal_entities') }}
    from outstanding
    cross join build
    left join invoices on outstanding.invoice_id = invoices.invoice_id
    left join legal_entities on outstanding.legal_entity_id = legal_entities.legal_entity_id
)

{{ parts('ar', [
    ('owed', 'ar_aging', 'current', 'amount', none, 'amount', "age_bucket = 'current'"),
    ('owed', 'ar_aging', 'days_1_30', 'amount', none, 'amount', "age_bucket = '1-30'"),
    ('owed', 'ar_aging', 'days_31_60', 'amount', none, 'amount', "age_bucket = '31-60'"),
    ('owed', 'ar_aging', 'days_61_90', 'amount', none, 'amount', "age_bucket = '61-90'"),
    ('owed', 'ar_aging', 'over_90', 'amount', none, 'amount', "age_bucket = '90+'"),
    ('owed', 'ar_aging', 'unapplied', 'amount', none, 'amount', "age_bucket = 'unapplied'"),
    ('owed_entity', 'dso', 'trailing_90', '90 * amount', '0', 'days', none),
    ('invoiced_entity', 'dso', 'trailing_90', '0', 'amount', 'days', none),
    ('counted_entity', 'dso', 'count_back', 'days', none, 'days', none)
]) }}
