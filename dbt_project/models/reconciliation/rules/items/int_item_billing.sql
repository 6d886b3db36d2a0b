with invoices as (
    select * from {{ ref('core_invoice') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

build as (
    select * from {{ ref('int_build') }}
),

-- what is posted into a later period is not billed as of now
item_line as (
    select
        lines.source_item_id as item_key,
        coalesce(lines.source_type, 'none') as source_type,
        lines.invoice_id,
        lines.minutes,
        lines.net_amount,
        lines.version_at,
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as posting_period,
        invoices.is_posted and coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) <= build.as_of_period as is_posted,
        invoices.document_type,
        invoices.issue_date,
        coalesce(invoices.credit_reason in ('goodwill', 'service_credit'), false) as is_agreed_credit,
        invoices.contract_id,
        invoices.legal_entity_id,
        invoices.currency
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    cross join build
    where lines.source_item_id is not null and not invoices.is_void
)

select
    item_key,
    source_type,
    min(case when is_posted then contract_id end) as contract_id,
    min(case when is_posted then legal_entity_id end) as legal_entity_id,
    min(case when is_posted then currency end) as currency,
    cast(sum(case when is_posted then 1 else 0 end) as integer) as posted_lines,
    cast(sum(case when is_posted and document_type = 'invoice' then 1 else 0 end) as integer) as posted_invoice_lines,
    cast(count(distinct case when is_posted and document_type = 'invoice' then invoice_id end) as integer) as posted_invoices,
    cast(sum(case when is_posted then coalesce(minutes, 0) else 0 end) as integer) as posted_minutes,
    cast(sum(case when is_posted then net_amount else 0 end) as decimal(18, 4)) as posted_amount,
    -- what was credited as a courtesy, positive
    cast(-sum(case when is_posted and is_agreed_credit then net_amount else 0 end) as decimal(18, 4)) as agreed_credit,
    min(case when is_posted then issue_date end) as first_issue_date,
    cast(sum(case when is_posted then 0 else 1 end) as integer) as draft_lines,
    cast(sum(case when is_posted then 0 else coalesce(minutes, 0) end) as integer) as draft_minutes,
    min(case when is_posted then posting_period end) as first_posting_period,
    max(case when is_posted then posting_period end) as last_posting_period,
    max(version_at) as version_at
from item_line
-- a PSA numbers time, expenses and milestones each for itself: the id alone is no key
group by item_key, source_type
