-- What invoice integrity and the terms say of a document stands on it; what other rules say of a billed item stands on
-- the latest posted invoice that bills it.
with claims as (
    select * from {{ ref('rec_exposure_item') }}
    where
        leg in ('invoice_integrity.lines', 'invoice_integrity.tax', 'invoice_integrity.unique', 'invoice_integrity.items')
        or break_class in (
            'stale_terms_invoiced', 'billed_unapproved_time', 'milestone_billed_twice', 'rejected_milestone_billed',
            'milestone_amount_mismatch', 'amount_mismatch', 'unapproved_subcontractor_cost'
        )
        or (break_class = 'rate_mismatch' and leg = 'bill_rate.erp')
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

build as (
    select * from {{ ref('int_build') }}
),

billed_item as (
    select
        case lines.source_type
            when 'time' then 'time_entry:' || lines.source_item_id
            when 'expense' then 'expense:' || lines.source_item_id
            when 'milestone' then 'milestone:' || lines.source_item_id
            else 'invoice_line:' || lines.invoice_line_id
        end as item_key,
        documents.invoice_id,
        documents.issue_date
    from lines
    inner join documents on lines.invoice_id = documents.invoice_id
    cross join build
    where documents.document_type = 'invoice' and documents.period <= build.as_of_period
),

home as (
    select
        item_key,
        invoice_id
    from billed_item
    qualify
        row_number() over (partition by item_key order by issue_date desc nulls last, invoice_id desc nulls last) = 1
),

claimed as (
    select
        case
            when claims.leg in ('invoice_integrity.lines', 'invoice_integrity.tax', 'invoice_integrity.unique', 'billing_terms.erp')
                then claims.grain_key
            else home.invoice_id
        end as invoice_id,
        claims.leg,
        claims.grain_key,
        claims.break_class,
        claims.currency,
        claims.amount,
        claims.amount_reporting,
        claims.is_primary
    from claims
    left join home on claims.item_key = home.item_key
),

summed as (
    select
        invoice_id,
        break_class,
        count(distinct leg || '|' || grain_key) as exceptions,
        min(currency) as first_currency,
        max(currency) as last_currency,
        sum(case when is_primary then amount else 0 end) as exposure_amount,
        sum(case when is_primary then amount_reporting else 0 end) as exposure_reporting
    from claimed
    group by invoice_id, break_class
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
    case when summed.first_currency <> summed.last_currency then build.reporting_currency else summed.first_currency end
        as exposure_currency,
    cast(
        case when summed.first_currency <> summed.last_currency then summed.exposure_reporting else summed.exposure_amount end
        as decimal(18, 4)
    ) as exposure_amount,
    cast(summed.exposure_reporting as decimal(18, 4)) as exposure_reporting
from summed
inner join documents on summed.invoice_id = documents.invoice_id
cross join build
