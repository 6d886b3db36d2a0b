with invoices as (
    select * from {{ ref('core_invoice') }}
    where is_posted and not is_void
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

build as (
    select * from {{ ref('int_build') }}
)

select
    lines.source_item_id as item_key,
    coalesce(lines.source_type, 'none') as source_type,
    invoices.currency,
    cast(sum(coalesce(lines.minutes, 0)) as integer) as minutes,
    cast(sum(lines.net_amount) as decimal(18, 4)) as net_amount,
    cast(count(*) as integer) as line_count,
    max(lines.version_at) as version_at
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
cross join build
where
    lines.source_item_id is not null
    and coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) <= build.as_of_period
group by lines.source_item_id, coalesce(lines.source_type, 'none'), invoices.currency
