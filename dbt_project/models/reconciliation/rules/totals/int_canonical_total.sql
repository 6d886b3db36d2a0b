with build as (
    select * from {{ ref('int_build') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

all_invoices as (
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

entries as (
    select * from {{ ref('core_time_entry') }}
),

expenses as (
    select
        contract_id,
        expense_date,
        period,
        amount,
        currency
    from {{ ref('core_expense') }}
    where is_approved
    union all
    select
        contract_id,
        expense_date,
        period,
        amount,
        currency
    from {{ ref('core_subcontractor_cost') }}
    where is_approved
),

rates as (
    select * from {{ ref('core_exchange_rate') }}
    where rate_type = 'average'
),

closings as (
    select * from {{ ref('int_closing') }}
),

exposure_items as (
    select * from {{ ref('rec_exposure_item') }}
    where
        is_primary
        and (
            rule_id = 'invoice_integrity'
            or (leg = 'bill_rate.erp' and break_class = 'rate_mismatch')
            or break_class in (
                'stale_terms_invoiced', 'billed_unapproved_time', 'milestone_billed_twice', 'rejected_milestone_billed',
                'milestone_amount_mismatch', 'amount_mismatch', 'unapproved_subcontractor_cost'
            )
        )
),

currencies as (
    select * from {{ ref('core_currency') }}
),

-- exposure lies where its documents are: that of an item on the last invoice that bills it
billed_on as (
    select
        case lines.source_type
            when 'time' then 'time_entry:' || lines.source_item_id
            when 'expense' then 'expense:' || lines.source_item_id
            when 'milestone' then 'milestone:' || lines.source_item_id
            else 'invoice_line:' || lines.invoice_line_id
        end as item_key,
        max(cast(all_invoices.issue_date as {{ dbt.type_string() }}) || '|' || all_invoices.invoice_id) as last_document
    from lines
    inner join all_invoices on lines.invoice_id = all_invoices.invoice_id
    cross join build
    where
        all_invoices.document_type = 'invoice'
        and coalesce(all_invoices.posting_period, {{ period_of('all_invoices.issue_date') }}) <= build.as_of_period
    group by 1
),

exposed_item as (
    select
        exposure_items.amount_reporting,
        case
            when exposure_items.leg in ('invoice_integrity.lines', 'invoice_integrity.tax', 'invoice_integrity.unique', 'billing_terms.erp')
                then exposure_items.grain_key
            else substr(billed_on.last_document, 12)
        end as invoice_id
    from exposure_items
    left join billed_on on exposure_items.item_key = billed_on.item_key
),

exposed_document as (
    select * from exposed_item
    where invoice_id is not null
),

executed as (
    select
        contracts.*,
        build.as_of_date,
        build.as_of_period
    from contracts
    cross join build
    where contracts.is_executed and contracts.signed_date <= build.as_of_date
),

fee_line as (
    select
        executed.contract_id,
        executed.legal_entity_id,
        executed.functional_currency,
        executed.currency as contract_currency,
        executed.as_of_period,
        all_invoices.currency,
        coalesce(all_invoices.posting_period, {{ period_of('all_invoices.issue_date') }}) as period,
        lines.net_amount,
        lines.functional_amount
    from lines
    inner join all_invoices on lines.invoice_id = all_invoices.invoice_id
    inner join executed on all_invoices.contract_id = executed.contract_id
    where {{ is_fee('lines.source_type') }}
),

contract_amount as (
    select
        contract_id,
        legal_entity_id,
        currency,
        as_of_period as period,
        signed_value - case when closed_date <= as_of_date then coalesce(debooked_amount, 0) else 0 end as value,
        cast(0 as decimal(18, 4)) as recognized
    from executed
    union all
    select
        executed.contract_id,
        executed.legal_entity_id,
        executed.currency,
        executed.as_of_period as period,
        amendments.amount as value,
        0 as recognized
    from amendments
    inner join executed on amendments.contract_id = executed.contract_id and amendments.currency = executed.currency
    where amendments.is_approved and amendments.effective_date <= executed.as_of_date
    union all
    select
        executed.contract_id,
        executed.legal_entity_id,
        executed.currency,
        executed.as_of_period as period,
        0 as value,
        revenue.amount as recognized
    from revenue
    inner join executed on revenue.contract_id = executed.contract_id and revenue.currency = executed.currency
    where revenue.period <= executed.as_of_period
),

contract_sum as (
    select
        contract_id,
        legal_entity_id,
        currency,
        period,
        sum(value) as value,
        sum(recognized) as recognized
    from contract_amount
    group by contract_id, legal_entity_id, currency, period
),

-- time and materials: what is delivered, and what of it is billed or written off, contract by contract
billed_minutes as (
    select
        lines.source_item_id as item_key,
        sum(lines.minutes) as minutes
    from lines
    inner join all_invoices on lines.invoice_id = all_invoices.invoice_id
    cross join build
    where
        lines.source_type = 'time'
        and coalesce(all_invoices.posting_period, {{ period_of('all_invoices.issue_date') }}) <= build.as_of_period
    group by lines.source_item_id
),

given_up as (
    select distinct item_key from {{ ref('int_time_right') }}
    where is_written_off
),

entry_amount as (
    select
        entries.contract_id,
        entries.legal_entity_id,
        executed.currency,
        executed.cap_amount,
        executed.as_of_period,
        entries.minutes,
        entries.contract_value,
        given_up.item_key is not null as is_written_off,
        greatest(least(coalesce(billed_minutes.minutes, 0), entries.minutes), 0) as minutes_billed,
        case
            when coalesce(billed_minutes.minutes, 0) <= 0 then 0
            when billed_minutes.minutes >= entries.minutes then entries.contract_value
            else {{ minutes_value('billed_minutes.minutes', 'entries.contract_rate', 'currencies.minor_unit') }}
        end as value_billed
    from entries
    inner join executed on entries.contract_id = executed.contract_id
    left join currencies on executed.currency = currencies.currency_id
    left join billed_minutes on entries.time_entry_id = billed_minutes.item_key
    left join given_up on entries.time_entry_id = given_up.item_key
    where
        entries.system_role = 'psa' and entries.is_approved and entries.is_billable
        and executed.billing_type = 'time_and_materials' and entries.work_date <= executed.as_of_date
        and entries.contract_value is not null
),

contract_time as (
    select
        contract_id,
        legal_entity_id,
        currency,
        cap_amount,
        as_of_period as period,
        sum(contract_value) as value,
        sum(case when is_written_off then 0 else contract_value - value_billed end) as open_value,
        sum(case when not is_written_off and contract_value > value_billed then minutes - minutes_billed else 0 end) as open_minutes
    from entry_amount
    group by contract_id, legal_entity_id, currency, cap_amount, as_of_period
),

-- a contract's own balance: recognized - billed, and what of it waits for nothing but the next invoice
balance_part as (
    select
        contract_id,
        recognized as net,
        0 as open_time
    from contract_sum
    union all
    select
        contract_id,
        -net_amount as net,
        0 as open_time
    from fee_line
    where currency = contract_currency and period <= as_of_period
    union all
    select
        contract_id,
        0 as net,
        open_value - case when cap_amount is null then 0 else least(open_value, greatest(value - cap_amount, 0)) end as open_time
    from contract_time
),

balance_sum as (
    select
        contract_id,
        sum(net) as net,
        sum(open_time) as open_time
    from balance_part
    group by contract_id
),

balance as (
    select
        executed.as_of_period as period,
        executed.legal_entity_id,
        executed.currency,
        balance_sum.net,
        greatest(balance_sum.net, 0) as asset_side,
        least(greatest(balance_sum.net, 0), balance_sum.open_time) as receivable
    from balance_sum
    inner join executed on balance_sum.contract_id = executed.contract_id
),

labour_group as (
    select
        entries.period,
        executed.legal_entity_id,
        executed.functional_currency,
        entries.minutes,
        entries.cost_rate,
        count(*) as entry_count
    from entries
    inner join executed on entries.contract_id = executed.contract_id
    where entries.system_role = 'psa' and entries.is_approved and entries.work_date <= executed.as_of_date
    group by entries.period, executed.legal_entity_id, executed.functional_currency, entries.minutes, entries.cost_rate
),

measured as (
    select
        'backlog' as mart,
        'contract_value' as measure,
        period,
        legal_entity_id,
        currency,
        value as amount
    from contract_sum
    union all
    select
        'backlog' as mart,
        'recognized_amount' as measure,
        period,
        legal_entity_id,
        currency,
        recognized as amount
    from contract_sum
    union all
    select
        'backlog' as mart,
        'backlog_revenue' as measure,
        period,
        legal_entity_id,
        currency,
        value - least(value, recognized) as amount
    from contract_sum
    union all
    select
        'backlog' as mart,
        'billed_amount' as measure,
        as_of_period as period,
        legal_entity_id,
        contract_currency as currency,
        net_amount as amount
    from fee_line
    where currency = contract_currency and period <= as_of_period
    union all
    select
        'backlog' as mart,
        'backlog_billing' as measure,
        closings.period,
        closings.legal_entity_id,
        closings.currency,
        closings.closing - closings.opening_balance as amount
    from closings
    inner join build on closings.period = build.as_of_period
    where closings.stock = 'backlog'
    union all
    select
        'backlog' as mart,
        'split' as measure,
        closings.period,
        closings.legal_entity_id,
        closings.currency,
        closings.closing - closings.opening_balance as amount
    from closings
    inner join build on closings.period = build.as_of_period
    where closings.stock = 'backlog'
    union all
    select
        'unbilled_time' as mart,
        'open_amount' as measure,
        closings.period,
        closings.legal_entity_id,
        closings.currency,
        closings.closing - closings.opening_balance as amount
    from closings
    inner join build on closings.period = build.as_of_period
    where closings.stock = 'unbilled'
    union all
    select
        'unbilled_time' as mart,
        'states' as measure,
        period,
        legal_entity_id,
        currency,
        open_value as amount
    from contract_time
    union all
    select
        'unbilled_time' as mart,
        'over_cap_amount' as measure,
        period,
        legal_entity_id,
        currency,
        case when cap_amount is null then 0 else least(open_value, greatest(value - cap_amount, 0)) end as amount
    from contract_time
    union all
    select
        'unbilled_time' as mart,
        'unbilled_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        open_minutes as amount
    from contract_time
    union all
    select
        'invoice_exceptions' as mart,
        'issued_invoices' as measure,
        {{ period_of('issue_date') }} as period,
        legal_entity_id,
        null as currency,
        1 as amount
    from all_invoices
    where document_type = 'invoice'
    union all
    select
        'invoice_exceptions' as mart,
        'issued_amount' as measure,
        {{ period_of('issue_date') }} as period,
        legal_entity_id,
        currency,
        net_amount as amount
    from all_invoices
    where document_type = 'invoice'
    union all
    select
        'invoice_exceptions' as mart,
        'exposure_reporting' as measure,
        build.as_of_period as period,
        coalesce(all_invoices.legal_entity_id, 'unassigned') as legal_entity_id,
        null as currency,
        exposed_document.amount_reporting as amount
    from exposed_document
    cross join build
    left join all_invoices on exposed_document.invoice_id = all_invoices.invoice_id
    union all
    select
        'margin' as mart,
        'recognized_amount' as measure,
        revenue.period,
        executed.legal_entity_id,
        executed.functional_currency as currency,
        revenue.functional_amount as amount
    from revenue
    inner join executed on revenue.contract_id = executed.contract_id
    where revenue.period <= executed.as_of_period
    union all
    select
        'margin' as mart,
        'billed_amount' as measure,
        period,
        legal_entity_id,
        functional_currency as currency,
        functional_amount as amount
    from fee_line
    where period <= as_of_period
    union all
    select
        'margin' as mart,
        'labour_cost' as measure,
        labour_group.period,
        labour_group.legal_entity_id,
        labour_group.functional_currency as currency,
        labour_group.entry_count
        * {{ minutes_value('labour_group.minutes', 'labour_group.cost_rate', 'currencies.minor_unit') }} as amount
    from labour_group
    left join currencies on labour_group.functional_currency = currencies.currency_id
    union all
    select
        'margin' as mart,
        'approved_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        entry_count * minutes as amount
    from labour_group
    union all
    select
        'margin' as mart,
        'expense_cost' as measure,
        expenses.period,
        executed.legal_entity_id,
        executed.functional_currency as currency,
        {{ cross_convert(
            'expenses.amount', 'expenses.currency', 'executed.functional_currency', 'from_rate.rate', 'to_rate.rate'
        ) }} as amount
    from expenses
    inner join executed on expenses.contract_id = executed.contract_id
    left join rates as from_rate on expenses.currency = from_rate.from_currency and expenses.period = from_rate.period
    left join rates as to_rate on executed.functional_currency = to_rate.from_currency and expenses.period = to_rate.period
    where expenses.expense_date <= executed.as_of_date
    union all
    select
        'margin' as mart,
        'wip_invoiced' as measure,
        fee_line.as_of_period as period,
        fee_line.legal_entity_id,
        fee_line.functional_currency as currency,
        fee_line.functional_amount as amount
    from fee_line
    inner join executed on fee_line.contract_id = executed.contract_id
    where fee_line.period <= fee_line.as_of_period and coalesce(executed.billing_type, 'unassigned') <> 'time_and_materials'
    union all
    select
        'revenue' as mart,
        'recognized_amount' as measure,
        period,
        legal_entity_id,
        currency,
        recognized as amount
    from contract_sum
    union all
    select
        'revenue' as mart,
        'billed_amount' as measure,
        as_of_period as period,
        legal_entity_id,
        contract_currency as currency,
        net_amount as amount
    from fee_line
    where currency = contract_currency and period <= as_of_period
    union all
    select
        'revenue' as mart,
        'net_amount' as measure,
        period,
        legal_entity_id,
        currency,
        net as amount
    from balance
    union all
    select
        'revenue' as mart,
        'split' as measure,
        period,
        legal_entity_id,
        currency,
        net as amount
    from balance
    union all
    select
        'revenue' as mart,
        'unbilled_receivable' as measure,
        period,
        legal_entity_id,
        currency,
        receivable as amount
    from balance
    union all
    select
        'revenue' as mart,
        'contract_asset' as measure,
        period,
        legal_entity_id,
        currency,
        asset_side - receivable as amount
    from balance
    union all
    select
        'revenue' as mart,
        'contract_liability' as measure,
        period,
        legal_entity_id,
        currency,
        asset_side - net as amount
    from balance
)

select
    mart,
    measure,
    period,
    legal_entity_id,
    currency,
    cast(sum(coalesce(amount, 0)) as decimal(24, 4)) as canonical_total
from measured
group by mart, measure, period, legal_entity_id, currency
