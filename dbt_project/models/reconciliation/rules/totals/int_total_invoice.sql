with leg as (
    select * from {{ ref('int_leg') }}
    where is_applicable
),

invoices as (
    select * from {{ ref('core_invoice') }}
    where is_posted and not is_void
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

tax_lines as (
    select * from {{ ref('core_tax_line') }}
),

billed_items as (
    select * from {{ ref('int_billed_item') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice' and not is_fully_credited
),

header as (
    select
        coalesce(posting_period, {{ period_of('issue_date') }}) as period,
        legal_entity_id,
        currency,
        sum(gross_amount - coalesce(tax_amount, 0)) as net_amount,
        sum(coalesce(tax_amount, 0)) as tax_amount
    from invoices
    group by coalesce(posting_period, {{ period_of('issue_date') }}), legal_entity_id, currency
),

line_net as (
    select
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
        invoices.legal_entity_id,
        invoices.currency,
        sum(lines.net_amount) as amount
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    group by 1, 2, 3
),

line_tax as (
    select
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
        invoices.legal_entity_id,
        invoices.currency,
        sum(tax_lines.tax_amount) as amount
    from tax_lines
    inner join invoices on tax_lines.invoice_id = invoices.invoice_id
    group by 1, 2, 3
),

content as (
    select
        invoice_id,
        min(coalesce(source_type, '') || ':' || source_item_id) as first_item,
        max(coalesce(source_type, '') || ':' || source_item_id) as last_item,
        count(source_item_id) as item_count
    from lines
    group by invoice_id
),

-- a group of equal documents counts once, in the cell of its first
number_group as (
    select
        legal_entity_id,
        customer_id,
        document_number,
        min(issue_date) as issue_date
    from documents
    group by legal_entity_id, customer_id, document_number
),

first_of_number as (
    select min(documents.invoice_id) as invoice_id
    from documents
    inner join number_group
        on
            documents.legal_entity_id = number_group.legal_entity_id
            and coalesce(documents.customer_id, '') = coalesce(number_group.customer_id, '')
            and coalesce(documents.document_number, '') = coalesce(number_group.document_number, '')
            and documents.issue_date = number_group.issue_date
    group by documents.legal_entity_id, documents.customer_id, documents.document_number
),

first_of_content as (
    select min(documents.invoice_id) as invoice_id
    from documents
    left join content on documents.invoice_id = content.invoice_id
    group by
        documents.legal_entity_id, documents.customer_id, documents.issue_date, documents.net_amount,
        content.first_item, content.last_item, content.item_count,
        case when coalesce(content.item_count, 0) = 0 then documents.invoice_id end
),

distinct_document as (
    select
        documents.period,
        documents.legal_entity_id,
        count(*) as amount
    from documents
    inner join first_of_number on documents.invoice_id = first_of_number.invoice_id
    inner join first_of_content on documents.invoice_id = first_of_content.invoice_id
    group by documents.period, documents.legal_entity_id
),

posted_document as (
    select
        period,
        legal_entity_id,
        count(*) as amount
    from documents
    group by period, legal_entity_id
),

-- source items: minutes of time, amounts of everything else, as billed up to the period of as of
item_line as (
    select
        lines.source_item_id,
        lines.source_type,
        min(invoices.legal_entity_id) as legal_entity_id,
        min(invoices.currency) as currency,
        sum(lines.minutes) as minutes,
        sum(lines.net_amount) as net_amount
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    inner join leg on leg.leg_id = 'invoice_integrity.items'
    where
        lines.source_item_id is not null
        and coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) <= leg.as_of_period
    group by lines.source_item_id, lines.source_type
),

billed_quantity as (
    select
        case when source_type = 'time' then 'minutes' else 'amount' end as measure,
        legal_entity_id,
        case when coalesce(source_type, 'none') <> 'time' then currency end as currency,
        sum(case when source_type = 'time' then coalesce(minutes, 0) else net_amount end) as amount
    from item_line
    group by 1, 2, 3
),

delivered_quantity as (
    select
        measure,
        legal_entity_id,
        currency,
        sum(delivered) as amount
    from billed_items
    group by measure, legal_entity_id, currency
),

totals as (
    select
        'invoice_integrity.lines' as leg,
        'amount' as measure,
        period,
        legal_entity_id,
        currency,
        net_amount as left_total,
        0 as right_total
    from header
    union all
    select
        'invoice_integrity.lines' as leg,
        'amount' as measure,
        period,
        legal_entity_id,
        currency,
        0 as left_total,
        amount as right_total
    from line_net
    union all
    select
        'invoice_integrity.tax' as leg,
        'amount' as measure,
        period,
        legal_entity_id,
        currency,
        tax_amount as left_total,
        0 as right_total
    from header
    union all
    select
        'invoice_integrity.tax' as leg,
        'amount' as measure,
        period,
        legal_entity_id,
        currency,
        0 as left_total,
        amount as right_total
    from line_tax
    union all
    select
        'invoice_integrity.unique' as leg,
        'count' as measure,
        period,
        legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        amount as left_total,
        0 as right_total
    from posted_document
    union all
    select
        'invoice_integrity.unique' as leg,
        'count' as measure,
        period,
        legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        0 as left_total,
        amount as right_total
    from distinct_document
    union all
    select
        'invoice_integrity.items' as leg,
        billed_quantity.measure,
        leg.as_of_period as period,
        billed_quantity.legal_entity_id,
        billed_quantity.currency,
        billed_quantity.amount as left_total,
        0 as right_total
    from billed_quantity
    inner join leg on leg.leg_id = 'invoice_integrity.items'
    union all
    select
        'invoice_integrity.items' as leg,
        delivered_quantity.measure,
        leg.as_of_period as period,
        delivered_quantity.legal_entity_id,
        delivered_quantity.currency,
        0 as left_total,
        delivered_quantity.amount as right_total
    from delivered_quantity
    inner join leg on leg.leg_id = 'invoice_integrity.items'
)

select totals.*
from totals
inner join leg on totals.leg = leg.leg_id
