with movements as (
    select * from {{ ref('fct_movement') }}
),

build as (
    select * from {{ ref('int_build') }}
),

periods as (
    select * from {{ ref('core_accounting_period') }}
),

published as (
    select * from {{ source('raw', 'qtc_published_movement') }}
),

opening_balances as (
    select * from {{ source('raw', 'qtc_opening_balance') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
    where is_posted and not is_void
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

standing as (
    select * from {{ ref('int_time_value') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

applications as (
    select * from {{ ref('core_payment_application') }}
    where payment_id is not null
),

all_invoices as (
    select * from {{ ref('core_invoice') }}
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

-- every period from the first movement to as of, for every cell that ever moved
known_cell as (
    select
        stock,
        legal_entity_id,
        currency
    from movements
    union
    select
        stock,
        legal_entity_id,
        currency
    from published
    union
    select
        stock,
        legal_entity_id,
        currency
    from opening_balances
),

known_period as (
    select period from movements
    union
    select period from published
    union
    select as_of_period from build
),

first_period as (
    select min(period) as period from known_period
),

calendar as (
    select period from known_period
    union
    select periods.period
    from periods
    cross join first_period
    cross join build
    where periods.period >= first_period.period and periods.period <= build.as_of_period
),

cells as (
    select
        known_cell.stock,
        known_cell.legal_entity_id,
        known_cell.currency,
        calendar.period
    from known_cell
    cross join calendar
    cross join build
    where calendar.period <= build.as_of_period
),

-- backlog: what each contract's value and billing were at the end of each period
contract_event as (
    select
        contract_id,
        signed_period as period,
        signed_value as value,
        cast(0 as decimal(18, 4)) as billed
    from positions
    union all
    select
        positions.contract_id,
        {{ period_of('amendments.effective_date') }} as period,
        amendments.amount as value,
        cast(0 as decimal(18, 4)) as billed
    from positions
    inner join amendments on positions.contract_id = amendments.contract_id and positions.currency = amendments.currency
    cross join build
    where amendments.is_approved and amendments.effective_date <= build.as_of_date
    union all
    select
        contract_id,
        {{ period_of('closed_date') }} as period,
        -debooked_amount as value,
        cast(0 as decimal(18, 4)) as billed
    from positions
    where debooked_amount <> 0
    union all
    select
        positions.contract_id,
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
        cast(0 as decimal(18, 4)) as value,
        lines.net_amount as billed
    from invoices
    inner join positions on invoices.contract_id = positions.contract_id and invoices.currency = positions.currency
    inner join lines on invoices.invoice_id = lines.invoice_id
    where {{ is_fee('lines.source_type') }}
),

contract_period as (
    select
        contract_id,
        period,
        sum(value) as value,
        sum(billed) as billed
    from contract_event
    group by contract_id, period
),

contract_standing as (
    select
        positions.contract_id,
        positions.legal_entity_id,
        positions.currency,
        calendar.period,
        sum(contract_period.value) as value,
        sum(contract_period.billed) as billed
    from positions
    inner join contract_period on positions.contract_id = contract_period.contract_id
    inner join calendar on contract_period.period <= calendar.period
    group by positions.contract_id, positions.legal_entity_id, positions.currency, calendar.period
),

backlog_closing as (
    select
        'backlog' as stock,
        legal_entity_id,
        currency,
        period,
        sum(value - least(value, billed)) as closing
    from contract_standing
    group by legal_entity_id, currency, period
),

-- unbilled: entries by the periods in which they were worked, billed and written off
entry_billing as (
    select
        lines.source_item_id as item_key,
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
        sum(lines.minutes) as minutes
    from lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    where lines.source_type = 'time'
    group by lines.source_item_id, coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }})
),

entry_span as (
    select
        item_key,
        min(period) as first_period,
        max(period) as last_period
    from entry_billing
    group by item_key
),

value_cube as (
    select
        standing.legal_entity_id,
        standing.currency,
        standing.period as worked_in,
        entry_span.first_period as billed_in,
        case
            when standing.written_off_value <> 0 then {{ period_of('coalesce(standing.written_off_date, standing.work_date)') }}
        end as written_off_in,
        sum(standing.contract_value) as contract_value,
        sum(standing.billed_value) as billed_value,
        sum(standing.written_off_value) as written_off_value
    from standing
    left join entry_span on standing.item_key = entry_span.item_key
    where entry_span.item_key is null or entry_span.first_period = entry_span.last_period
    group by 1, 2, 3, 4, 5
),

simple_unbilled as (
    select
        value_cube.legal_entity_id,
        value_cube.currency,
        calendar.period,
        sum(
            case when value_cube.worked_in <= calendar.period then value_cube.contract_value else 0 end
            - case when value_cube.billed_in <= calendar.period then value_cube.billed_value else 0 end
            - case when value_cube.written_off_in <= calendar.period then value_cube.written_off_value else 0 end
        ) as closing
    from value_cube
    cross join calendar
    group by value_cube.legal_entity_id, value_cube.currency, calendar.period
),

-- entries billed in several periods: what of their minutes was billed by the end of each
spread_minutes as (
    select
        standing.item_key,
        calendar.period,
        sum(case when entry_billing.period <= calendar.period then entry_billing.minutes else 0 end) as minutes
    from standing
    inner join entry_span on standing.item_key = entry_span.item_key and entry_span.first_period <> entry_span.last_period
    inner join entry_billing on standing.item_key = entry_billing.item_key
    cross join calendar
    group by standing.item_key, calendar.period
),

spread_unbilled as (
    select
        standing.legal_entity_id,
        standing.currency,
        spread_minutes.period,
        sum(
            case when standing.period <= spread_minutes.period then standing.contract_value else 0 end
            - case
                when spread_minutes.minutes <= 0 then 0
                when spread_minutes.minutes >= standing.minutes then standing.contract_value
                else {{ minutes_value('spread_minutes.minutes', 'standing.contract_rate', 'currencies.minor_unit') }}
            end
            - case
                when {{ period_of('coalesce(standing.written_off_date, standing.work_date)') }} <= spread_minutes.period
                    then standing.written_off_value
                else 0
            end
        ) as closing
    from spread_minutes
    inner join standing on spread_minutes.item_key = standing.item_key
    left join currencies on standing.currency = currencies.currency_id
    group by standing.legal_entity_id, standing.currency, spread_minutes.period
),

unbilled_parts as (
    select * from simple_unbilled
    union all
    select * from spread_unbilled
),

unbilled_closing as (
    select
        'unbilled' as stock,
        legal_entity_id,
        currency,
        period,
        sum(closing) as closing
    from unbilled_parts
    group by legal_entity_id, currency, period
),

-- receivables: open invoices (applications at the invoice's rate) less what payments hold unapplied
functional as (
    select
        legal_entities.legal_entity_id,
        legal_entities.functional_currency,
        currencies.minor_unit
    from legal_entities
    left join currencies on legal_entities.functional_currency = currencies.currency_id
),

payment_use as (
    select
        payment_id,
        sum(amount) as amount
    from applications
    group by payment_id
),

open_item as (
    select
        documents.legal_entity_id,
        documents.period,
        documents.functional_gross as amount
    from documents
    union all
    select
        payments.legal_entity_id,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        -{{ round_to_minor_unit(money_times('applications.amount', 'settled.exchange_rate'), 'functional.minor_unit') }} as amount
    from applications
    inner join payments on applications.payment_id = payments.payment_id
    inner join all_invoices as settled on applications.invoice_id = settled.invoice_id
    left join functional on payments.legal_entity_id = functional.legal_entity_id
    union all
    select
        payments.legal_entity_id,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        -{{ round_to_minor_unit(
            money_times('payments.amount - coalesce(payment_use.amount, 0)', 'payments.exchange_rate'), 'functional.minor_unit'
        ) }} as amount
    from payments
    left join payment_use on payments.payment_id = payment_use.payment_id
    left join functional on payments.legal_entity_id = functional.legal_entity_id
),

open_period as (
    select
        legal_entity_id,
        period,
        sum(amount) as amount
    from open_item
    group by legal_entity_id, period
),

ar_closing as (
    select
        'ar' as stock,
        open_period.legal_entity_id,
        functional.functional_currency as currency,
        calendar.period,
        sum(open_period.amount) as closing
    from open_period
    inner join calendar on open_period.period <= calendar.period
    left join functional on open_period.legal_entity_id = functional.legal_entity_id
    group by open_period.legal_entity_id, functional.functional_currency, calendar.period
),

-- contract position: what was recognized and billed of each contract by the end of each period
position_event as (
    select
        positions.legal_entity_id,
        positions.currency,
        revenue.period,
        revenue.amount
    from revenue
    inner join positions on revenue.contract_id = positions.contract_id and revenue.currency = positions.currency
    union all
    select
        positions.legal_entity_id,
        positions.currency,
        coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) as period,
        -lines.net_amount as amount
    from invoices
    inner join positions on invoices.contract_id = positions.contract_id and invoices.currency = positions.currency
    inner join lines on invoices.invoice_id = lines.invoice_id
    where invoices.document_type <> 'write_off'
),

position_period as (
    select
        legal_entity_id,
        currency,
        period,
        sum(amount) as amount
    from position_event
    group by legal_entity_id, currency, period
),

position_closing as (
    select
        'contract_position' as stock,
        position_period.legal_entity_id,
        position_period.currency,
        calendar.period,
        sum(position_period.amount) as closing
    from position_period
    inner join calendar on position_period.period <= calendar.period
    group by position_period.legal_entity_id, position_period.currency, calendar.period
),

counted as (
    select * from backlog_closing
    union all
    select * from unbilled_closing
    union all
    select * from ar_closing
    union all
    select * from position_closing
),

opening as (
    select
        stock,
        legal_entity_id,
        currency,
        sum(amount) as amount
    from opening_balances
    group by stock, legal_entity_id, currency
)

select
    cells.stock,
    cells.legal_entity_id,
    cells.currency,
    cells.period,
    cast(coalesce(opening.amount, 0) as decimal(18, 4)) as opening_balance,
    cast(coalesce(opening.amount, 0) + coalesce(counted.closing, 0) as decimal(18, 4)) as closing
from cells
left join counted
    on
        cells.stock = counted.stock and cells.legal_entity_id = counted.legal_entity_id
        and coalesce(cells.currency, '') = coalesce(counted.currency, '') and cells.period = counted.period
left join opening
    on
        cells.stock = opening.stock and cells.legal_entity_id = opening.legal_entity_id
        and coalesce(cells.currency, '') = coalesce(opening.currency, '')
