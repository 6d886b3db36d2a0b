with positions as (
    select * from {{ ref('int_contract_position') }}
),

build as (
    select * from {{ ref('int_build') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

links as (
    select * from {{ ref('core_project_link') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type in ('invoice', 'credit_memo')
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

-- the link of its job decides with the entry itself whose it is
recognized as (
    select
        'recognized:' || revenue.revenue_entry_id as movement_id,
        'recognized' as movement_type,
        positions.contract_id,
        positions.legal_entity_id,
        positions.currency,
        revenue.period,
        {{ period_end('revenue.period') }} as event_date,
        revenue.amount,
        greatest(
            revenue.source_load_id, positions.source_load_id, coalesce(links.source_load_id, revenue.source_load_id)
        ) as source_load_id
    from revenue
    inner join positions on revenue.contract_id = positions.contract_id and revenue.currency = positions.currency
    left join links on revenue.project_id = links.project_id
    cross join build
    where revenue.period <= build.as_of_period and revenue.amount <> 0
),

-- fees and re-billed expenses alike: the account holds both
billed as (
    select
        case when documents.document_type = 'invoice' then 'billed:' else 'credited:' end || documents.invoice_id as movement_id,
        case when documents.document_type = 'invoice' then 'billed' else 'credited' end as movement_type,
        positions.contract_id,
        positions.legal_entity_id,
        positions.currency,
        documents.period,
        max(documents.issue_date) as event_date,
        -sum(lines.net_amount) as amount,
        greatest(max(documents.source_load_id), max(lines.source_load_id), max(positions.source_load_id)) as source_load_id
    from documents
    inner join positions on documents.contract_id = positions.contract_id and documents.currency = positions.currency
    inner join lines on documents.invoice_id = lines.invoice_id
    cross join build
    where documents.period <= build.as_of_period
    group by
        documents.invoice_id, documents.document_type, positions.contract_id, positions.legal_entity_id, positions.currency,
        documents.period
),

movements as (
    select * from recognized
    union all
    select * from billed
    where amount <> 0
)

select
    'contract_position' as stock,
    movement_id,
    movement_type,
    contract_id,
    legal_entity_id,
    currency,
    period,
    event_date,
    cast(amount as decimal(18, 4)) as amount,
    source_load_id
from movements
