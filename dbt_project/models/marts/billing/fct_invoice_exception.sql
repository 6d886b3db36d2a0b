with claims as (
    select * from {{ ref('rec_exposure_item') }}
    where leg in ('invoice_integrity.lines', 'invoice_integrity.tax', 'invoice_integrity.unique', 'invoice_integrity.items')
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

line_claim as (
    select
        lines.invoice_id,
        claims.leg,
        claims.grain_key,
        claims.break_class,
        claims.currency,
        claims.amount,
        claims.amount_reporting,
        claims.is_primary
    from claims
    inner join lines on claims.item_key = 'invoice_line:' || lines.invoice_line_id
),

header_claim as (
    select
        grain_key as invoice_id,
        leg,
        grain_key,
        break_class,
        currency,
        amount,
        amount_reporting,
        is_primary
    from claims
    where item_key like 'invoice:%'
),

claimed as (
    select * from line_claim
    union all
    select * from header_claim
),

summed as (
    select
        invoice_id,
        break_class,
        currency,
        count(distinct leg || '|' || grain_key) as exceptions,
        sum(case when is_primary then amount else 0 end) as exposure_amount,
        sum(case when is_primary then amount_reporting else 0 end) as exposure_reporting
    from claimed
    group by invoice_id, break_class, currency
)

select
    documents.invoice_id,
    summed.break_class,
    documents.document_type,
    documents.document_number,
    documents.qtc_id,
    coalesce(documents.contract_id, 'unassigned') as contract_id,
    documents.legal_entity_id,
    documents.region,
    documents.practice,
    documents.issue_date,
    {{ period_of('documents.issue_date') }} as period,
    documents.currency,
    documents.net_amount,
    cast(summed.exceptions as integer) as exceptions,
    summed.currency as exposure_currency,
    cast(summed.exposure_amount as decimal(18, 4)) as exposure_amount,
    cast(summed.exposure_reporting as decimal(18, 4)) as exposure_reporting
from summed
inner join documents on summed.invoice_id = documents.invoice_id
