with entries as (
    select * from {{ ref('int_time_value') }}
),

time_entries as (
    select * from {{ ref('core_time_entry') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

links as (
    select * from {{ ref('core_project_link') }}
),

build as (
    select * from {{ ref('int_build') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
    where source_type = 'time'
),

currencies as (
    select * from {{ ref('core_currency') }}
),

-- the link of its project decides with the entry itself whether, and for which contract, it counts
standing as (
    select
        entries.*,
        greatest(entries.source_load_id, coalesce(links.source_load_id, entries.source_load_id)) as decisive_load_id
    from entries
    left join links on entries.project_id = links.project_id
),

approved as (
    select
        'approved:' || item_key as movement_id,
        'approved' as movement_type,
        contract_id,
        legal_entity_id,
        currency,
        period,
        work_date as event_date,
        contract_value as amount,
        decisive_load_id as source_load_id
    from standing
),

-- the time bill says that it is written off
written_off_bill as (
    select
        counterpart_id as item_key,
        max(source_load_id) as source_load_id
    from time_entries
    where system_role = 'erp' and is_written_off
    group by counterpart_id
),

written_off as (
    select
        'written_off:' || standing.item_key as movement_id,
        'written_off' as movement_type,
        standing.contract_id,
        standing.legal_entity_id,
        standing.currency,
        {{ period_of('coalesce(standing.written_off_date, standing.work_date)') }} as period,
        coalesce(standing.written_off_date, standing.work_date) as event_date,
        -standing.written_off_value as amount,
        greatest(
            standing.decisive_load_id, coalesce(written_off_bill.source_load_id, standing.decisive_load_id)
        ) as source_load_id
    from standing
    left join written_off_bill on standing.item_key = written_off_bill.item_key
    where standing.written_off_value <> 0
),

billed_line as (
    select
        lines.invoice_line_id,
        standing.item_key,
        standing.contract_id,
        standing.legal_entity_id,
        standing.currency,
        standing.minutes as entry_minutes,
        standing.contract_value,
        standing.contract_rate,
        standing.posted_lines,
        currencies.minor_unit,
        documents.period,
        documents.issue_date as event_date,
        lines.minutes,
        greatest(lines.source_load_id, documents.source_load_id, standing.decisive_load_id) as source_load_id
    from lines
    inner join documents on lines.invoice_id = documents.invoice_id
    inner join standing on lines.source_item_id = standing.item_key
    left join currencies on standing.currency = currencies.currency_id
    cross join build
    where documents.period <= build.as_of_period
),

-- nearly every entry is on one line; only the others need their lines in order
running as (
    select
        billed_line.*,
        sum(minutes) over (
            partition by item_key order by period asc nulls last, event_date asc nulls last, invoice_line_id asc nulls last
            rows between unbounded preceding and current row
        ) as minutes_so_far
    from billed_line
    where posted_lines > 1
),

billed_so_far as (
    select
        running.*,
        case
            when minutes_so_far <= 0 then 0
            when minutes_so_far >= entry_minutes then contract_value
            else {{ minutes_value('minutes_so_far', 'contract_rate', 'minor_unit') }}
        end as value_so_far
    from running
),

repeatedly_billed as (
    select
        invoice_line_id,
        contract_id,
        legal_entity_id,
        currency,
        period,
        event_date,
        value_so_far - coalesce(lag(value_so_far) over (
            partition by item_key order by period asc nulls last, event_date asc nulls last, invoice_line_id asc nulls last
        ), 0) as amount,
        -- what a line bills of an entry follows the entry's other lines
        max(source_load_id) over (partition by item_key) as source_load_id
    from billed_so_far
),

billed_once as (
    select
        invoice_line_id,
        contract_id,
        legal_entity_id,
        currency,
        period,
        event_date,
        case
            when minutes <= 0 then 0
            when minutes >= entry_minutes then contract_value
            else {{ minutes_value('minutes', 'contract_rate', 'minor_unit') }}
        end as amount,
        source_load_id
    from billed_line
    where posted_lines <= 1
),

billed_lines as (
    select * from billed_once
    union all
    select * from repeatedly_billed
),

billed as (
    select
        'billed:' || invoice_line_id as movement_id,
        case when amount < 0 then 'credited_back' else 'billed' end as movement_type,
        contract_id,
        legal_entity_id,
        currency,
        period,
        event_date,
        -amount as amount,
        source_load_id
    from billed_lines
    where amount <> 0
),

movements as (
    select * from approved
    union all
    select * from billed
    union all
    select * from written_off
)

select
    'unbilled' as stock,
    movements.movement_id,
    movements.movement_type,
    movements.contract_id,
    movements.legal_entity_id,
    movements.currency,
    movements.period,
    movements.event_date,
    cast(movements.amount as decimal(18, 4)) as amount,
    greatest(movements.source_load_id, positions.source_load_id) as source_load_id
from movements
inner join positions on movements.contract_id = positions.contract_id
