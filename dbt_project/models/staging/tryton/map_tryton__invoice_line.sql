-- Tryton bills many timesheet lines on one invoice line: its amount is shared out by minutes, in the order of the
-- timesheet lines, so that the shares add up to it exactly.
with part as (
    select
        line.source_instance,
        line.source_id as line_id,
        line.invoice_id,
        line.line_number,
        line.currency,
        line.net_amount,
        line.functional_amount,
        line.minutes as line_minutes,
        line.credited_line_id,
        case when line.credited_line_id is null then entry.minutes else -entry.minutes end as minutes,
        entry.source_id as entry_id,
        entry.version_at,
        entry.loaded_at,
        entry.source_load_id,
        sum(entry.minutes) over (
            partition by line.source_instance, line.source_id
            order by cast(entry.source_id as integer) nulls last
            rows between unbounded preceding and current row
        ) as minutes_through,
        entry.minutes as entry_minutes
    from {{ ref('int_tryton__billed_line') }} as line
    inner join {{ ref('int_tryton__time') }} as entry
        on
            line.source_instance = entry.source_instance
            and coalesce(line.credited_line_id, line.source_id) = entry.invoice_line_id
    where line.source = 'time' and line.minutes > 0
),

shared as (
    select
        part.*,
        {{ money_div('part.net_amount * part.minutes_through', 'part.line_minutes', 2) }}
        - {{ money_div('part.net_amount * (part.minutes_through - part.entry_minutes)', 'part.line_minutes', 2) }}
            as shared_amount,
        {{ money_div('part.functional_amount * part.minutes_through', 'part.line_minutes', 2) }}
        - {{ money_div('part.functional_amount * (part.minutes_through - part.entry_minutes)', 'part.line_minutes', 2) }}
            as shared_functional
    from part
)

select
    'tryton' as source_vendor,
    shared.source_instance,
    case when shared.credited_line_id is null then 'timesheet_line_billed' else 'timesheet_line_credited' end as source_entity,
    case
        when shared.credited_line_id is null then 'timesheet.line,' || shared.entry_id
        else 'timesheet.line,' || shared.entry_id || ',' || shared.line_id
    end as source_id,
    shared.version_at,
    shared.loaded_at,
    shared.source_load_id,
    {{ record_key('shared.source_instance', 'shared.invoice_id') }} as invoice_id,
    shared.line_number,
    'time' as source_type,
    {{ record_key('shared.source_instance', 'shared.entry_id') }} as source_item_id,
    cast(null as {{ dbt.type_string() }}) as psa_source_id,
    cast(shared.minutes as integer) as minutes,
    cast(shared.shared_amount as decimal(18, 4)) as net_amount,
    cast(shared.shared_functional as decimal(18, 4)) as functional_amount,
    shared.currency,
    invoice.is_posted
from shared
inner join {{ ref('int_tryton__invoice') }} as invoice
    on shared.source_instance = invoice.source_instance and shared.invoice_id = invoice.source_id
union all
select
    {{ mapped_identity('tryton', 'account_invoice_line', 'line') }},
    {{ record_key('line.source_instance', 'line.invoice_id') }} as invoice_id,
    line.line_number,
    case when line.source in ('sale', 'progress', 'effort') then 'fixed_fee' end as source_type,
    {{ record_key('line.source_instance', 'line.sale_line_id') }} as source_item_id,
    cast(null as {{ dbt.type_string() }}) as psa_source_id,
    cast(null as integer) as minutes,
    line.net_amount,
    cast(line.functional_amount as decimal(18, 4)) as functional_amount,
    line.currency,
    invoice.is_posted
from {{ ref('int_tryton__billed_line') }} as line
inner join {{ ref('int_tryton__invoice') }} as invoice
    on line.source_instance = invoice.source_instance and line.invoice_id = invoice.source_id
where line.line_type = 'line' and not (coalesce(line.source, '') = 'time' and coalesce(line.minutes, 0) > 0)
