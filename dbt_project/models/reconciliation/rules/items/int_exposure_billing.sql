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
        case when kind = 'break' then 'misstatement' else 'control' end as base
    from {{ ref('rec_invoice_integrity_tax') }}
    where kind in ('break', 'condition')
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

-- the excess sits on the latest lines
billed_line as (
    select
        over_billed.rule_id,
        over_billed.leg,
        over_billed.grain_key,
        over_billed.break_class,
        over_billed.difference as excess,
        lines.invoice_line_id,
        case lines.source_type
            when 'time' then 'time_entry:' || lines.source_item_id
            when 'expense' then 'expense:' || lines.source_item_id
            when 'milestone' then 'milestone:' || lines.source_item_id
            else 'invoice_line:' || lines.invoice_line_id
        end as item_key,
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
        taken_line.*,
        case
            when taken = quantity then net_amount
            else {{ money_div('cast(net_amount as decimal(20, 4)) * taken', 'quantity', 2) }}
        end as amount
    from taken_line
    where taken > 0
),

-- what other rules claim of the delivered item is the same money: so the item is claimed, not its lines
excess_item as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        item_key,
        sum(amount) as amount,
        currency,
        'overbilling' as base
    from excess_line
    group by rule_id, leg, grain_key, break_class, item_key, currency
),

duplicate_line as (
    select
        duplicates.rule_id,
        duplicates.leg,
        duplicates.grain_key,
        duplicates.break_class,
        coalesce(excess_line.item_key, 'invoice_line:' || lines.invoice_line_id) as item_key,
        lines.net_amount as amount,
        documents.currency,
        'overbilling' as base
    from duplicates
    inner join documents on duplicates.grain_key = documents.invoice_id
    inner join lines on documents.invoice_id = lines.invoice_id
    left join excess_line on lines.invoice_line_id = excess_line.invoice_line_id
)

select * from header
union all
select * from excess_item
union all
select * from duplicate_line
