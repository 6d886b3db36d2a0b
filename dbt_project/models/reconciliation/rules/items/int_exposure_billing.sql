with header as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'invoice:' || grain_key || ':' || break_class as item_key,
        exposure_amount as amount,
        exposure_currency as currency,
        'misstatement' as base
    from {{ ref('rec_invoice_integrity_lines') }}
    where kind = 'break'
    union all
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'invoice:' || grain_key || ':' || break_class as item_key,
        exposure_amount as amount,
        exposure_currency as currency,
        'misstatement' as base
    from {{ ref('rec_invoice_integrity_tax') }}
    where kind = 'break'
),

duplicates as (
    select * from {{ ref('rec_invoice_integrity_unique') }}
    where kind = 'break'
),

over_billed as (
    select * from {{ ref('rec_invoice_integrity_items') }}
    where kind = 'break'
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

duplicate_line as (
    select
        duplicates.rule_id,
        duplicates.leg,
        duplicates.grain_key,
        duplicates.break_class,
        'invoice_line:' || lines.invoice_line_id as item_key,
        lines.net_amount as amount,
        documents.currency,
        'overbilling' as base
    from duplicates
    inner join documents on duplicates.grain_key = documents.invoice_id
    inner join lines on documents.invoice_id = lines.invoice_id
),

-- the excess sits on the latest lines
billed_line as (
    select
        over_billed.rule_id,
        over_billed.leg,
        over_billed.grain_key,
        over_billed.break_class,
        over_billed.difference as excess,
        lines.invoice_line_id,
        lines.net_amount,
        documents.currency,
        case when over_billed.measure = 'minutes' then cast(lines.minutes as decimal(18, 4)) else lines.net_amount end as quantity,
        documents.issue_date,
        documents.invoice_id,
        lines.line_number
    from over_billed
    inner join lines
        on over_billed.left_ref = lines.source_item_id and over_billed.grain_key = lines.source_type || ':' || lines.source_item_id
    inner join documents on lines.invoice_id = documents.invoice_id
),

taken_line as (
    select
        billed_line.*,
        least(
            quantity,
            excess - coalesce(sum(quantity) over (
                partition by grain_key
                order by
                    issue_date desc nulls last,
                    invoice_id desc nulls last,
                    line_number desc nulls last,
                    invoice_line_id desc nulls last
                rows between unbounded preceding and 1 preceding
            ), 0)
        ) as taken
    from billed_line
    where quantity > 0
),

excess_line as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'invoice_line:' || invoice_line_id as item_key,
        case when taken = quantity then net_amount else {{ money_div('net_amount * taken', 'quantity', 2) }} end as amount,
        currency,
        'overbilling' as base
    from taken_line
    where taken > 0
)

select * from header
union all
select * from duplicate_line
union all
select * from excess_line
