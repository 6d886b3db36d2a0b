{{ config(materialized='table') }}

-- Raw totals keep the source's own currency and date; canonical totals are brought to what the source states: an entity
-- whose raw records carry no currency or date of their own is compared without it, and a measure the control does not
-- take is not compared. Amounts of NetSuite lines keep the ledger's sign in raw, so they are turned back here.
with source_currency as (
    {{- union_contributions('currency', ['source_instance', 'source_id', 'currency_id']) }}
),

raw_total as (
    select
        control.vendor,
        control.instance,
        control.entity,
        coalesce(source_currency.currency_id, control.currency) as currency,
        control.period,
        control.measure,
        sum(control.raw_total) as total
    from {{ ref('rec_control') }} as control
    left join source_currency
        on control.instance = source_currency.source_instance and control.currency = source_currency.source_id
    group by
        control.vendor, control.instance, control.entity, coalesce(source_currency.currency_id, control.currency),
        control.period, control.measure
),

stated as (
    select
        vendor,
        entity,
        max(case when currency <> '' then 1 else 0 end) as has_currency,
        max(case when period <> '' then 1 else 0 end) as has_period,
        max(case when measure = 'amount' then 1 else 0 end) as has_amount,
        max(case when measure = 'minutes' then 1 else 0 end) as has_minutes
    from raw_total
    group by vendor, entity
),

canonical_total as (
    {{- canonical_totals('customer', currency='currency') }}
    union all
    {{- canonical_totals('opportunity', currency='currency', date='close_date', amount='amount') }}
    union all
    {{- canonical_totals('contract', currency='currency', date='signed_date', amount='signed_value') }}
    union all
    {{- canonical_totals('contract_amendment', currency='currency', date='effective_date', amount='amount') }}
    union all
    {{- canonical_totals('rate_card', currency='currency', date='effective_from') }}
    union all
    {{- canonical_totals('contract_term') }}
    union all
    {{- canonical_totals('role_demand', date='start_date', minutes='minutes') }}
    union all
    {{- canonical_totals('project', currency='currency', date='start_date', amount='price_amount') }}
    union all
    {{- canonical_totals('resource') }}
    union all
    {{- canonical_totals('cost_rate', currency='currency', date='effective_from') }}
    union all
    {{- canonical_totals('assignment', date='start_date', minutes='minutes') }}
    union all
    {{- canonical_totals('time_off', date='off_date', minutes='minutes') }}
    union all
    {{- canonical_totals('time_entry', currency='currency', date='work_date', minutes='minutes') }}
    union all
    {{- canonical_totals('expense', currency='currency', date='expense_date', amount='amount') }}
    union all
    {{- canonical_totals('subcontractor_cost', currency='currency', date='expense_date', amount='amount') }}
    union all
    {{- canonical_totals('calendar', date='holiday_date') }}
    union all
    {{- canonical_totals('milestone', currency='currency', date='due_date', amount='amount') }}
    union all
    {{- canonical_totals('billing_schedule', currency='currency', date='scheduled_date', amount='amount') }}
    union all
    {{- canonical_totals(
        'sales_order', currency='currency', date='order_date', amount='net_amount + coalesce(tax_amount, 0)'
    ) }}
    union all
    {{- canonical_totals(
        'sales_order_line', amount="case source_vendor when 'netsuite' then -net_amount else net_amount end"
    ) }}
    union all
    {{- canonical_totals('invoice', currency='currency', date='issue_date', amount='gross_amount') }}
    union all
    {{- canonical_totals(
        'invoice_line',
        currency='currency',
        amount="case source_vendor when 'netsuite' then -net_amount else net_amount end"
    ) }}
    union all
    {{- canonical_totals(
        'tax_line',
        currency='currency',
        amount="case source_vendor when 'netsuite' then -tax_amount else tax_amount end"
    ) }}
    union all
    -- a reversal is a journal, and journals are conserved folded
    {{- canonical_totals(
        'payment', currency='currency', date='payment_date', amount='amount', condition="document_type = 'payment'"
    ) }}
    union all
    {{- canonical_totals('payment_application', currency='currency', amount='amount') }}
    union all
    {{- canonical_totals('gl_account') }}
    union all
    {{- canonical_totals('gl_entry', amount='case when amount > 0 then amount else 0 end') }}
    union all
    {{- canonical_totals('revenue_entry', currency='currency', amount='amount') }}
    union all
    {{- canonical_totals('estimate', currency='currency', date='as_of_date', amount='planned_cost') }}
    union all
    {{- canonical_totals('service_item') }}
    union all
    {{- canonical_totals('charge', currency='currency', date='charge_date', amount='amount') }}
    union all
    {{- canonical_totals('cost_centre') }}
),

set_aside as (
    select
        'folded' as kind,
        folded.vendor,
        folded.instance,
        folded.entity,
        folded.currency,
        folded.period,
        folded.measure,
        folded.total
    from (
        {{- canonical_totals('folded', currency='currency', date='record_date', amount='amount', minutes='minutes') -}}
    ) as folded
    union all
    select
        'quarantined' as kind,
        quarantined.vendor,
        quarantined.instance,
        quarantined.entity,
        quarantined.currency,
        quarantined.period,
        quarantined.measure,
        quarantined.total
    from (
        {{- canonical_totals(
            'quarantine', currency='currency', date='record_date', amount='amount', minutes='minutes'
        ) -}}
    ) as quarantined
),

side as (
    select
        'raw' as kind,
        vendor,
        instance,
        entity,
        currency,
        period,
        measure,
        total
    from raw_total
    union all
    select
        'canonical' as kind,
        vendor,
        instance,
        entity,
        currency,
        period,
        measure,
        total
    from canonical_total
    union all
    select
        set_aside.kind,
        set_aside.vendor,
        set_aside.instance,
        set_aside.entity,
        coalesce(source_currency.currency_id, set_aside.currency) as currency,
        set_aside.period,
        set_aside.measure,
        set_aside.total
    from set_aside
    left join source_currency
        on set_aside.instance = source_currency.source_instance and set_aside.currency = source_currency.source_id
),

comparable as (
    select
        side.kind,
        side.vendor,
        side.instance,
        side.entity,
        case when coalesce(stated.has_currency, 1) = 1 then side.currency else '' end as currency,
        case when coalesce(stated.has_period, 1) = 1 then side.period else '' end as period,
        side.measure,
        side.total
    from side
    left join stated on side.vendor = stated.vendor and side.entity = stated.entity
    where
        side.measure = 'count'
        or (side.measure = 'amount' and stated.has_amount = 1)
        or (side.measure = 'minutes' and stated.has_minutes = 1)
)

select
    instance,
    vendor,
    entity,
    currency,
    period,
    measure,
    sum(case when kind = 'raw' then total else 0 end) as raw_total,
    sum(case when kind = 'canonical' then total else 0 end) as canonical_total,
    sum(case when kind = 'quarantined' then total else 0 end) as quarantined,
    sum(case when kind = 'folded' then total else 0 end) as folded,
    sum(case when kind = 'raw' then total else -total end) as difference
from comparable
group by instance, vendor, entity, currency, period, measure
