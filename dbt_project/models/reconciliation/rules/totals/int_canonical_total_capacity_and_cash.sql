with build as (
    select * from {{ ref('int_build') }}
),

entries as (
    select core_time_entry.*
    from {{ ref('core_time_entry') }} as core_time_entry
    cross join {{ ref('int_build') }} as build
    where core_time_entry.system_role = 'psa' and core_time_entry.work_date <= build.as_of_date
),

resources as (
    select * from {{ ref('core_resource') }}
),

calendars as (
    select * from {{ ref('core_calendar') }}
),

time_off as (
    select * from {{ ref('core_time_off') }}
),

all_invoices as (
    select
        core_invoice.*,
        coalesce(core_invoice.posting_period, {{ period_of('core_invoice.issue_date') }}) as period
    from {{ ref('core_invoice') }} as core_invoice
    where core_invoice.is_posted and not core_invoice.is_void
),

payments as (
    select
        core_payment.*,
        coalesce(core_payment.posting_period, {{ period_of('core_payment.payment_date') }}) as period
    from {{ ref('core_payment') }} as core_payment
),

applications as (
    select * from {{ ref('core_payment_application') }}
),

first_worked as (
    select
        resource_id,
        min(work_date) as work_date
    from entries
    group by resource_id
),

employed as (
    select
        resources.resource_id,
        resources.legal_entity_id,
        {{ money_div('resources.weekly_minutes', '5', 2) }} as day_minutes,
        coalesce(cast(resources.created_at as date), first_worked.work_date) as since
    from resources
    left join first_worked on resources.resource_id = first_worked.resource_id
    where resources.weekly_minutes is not null
),

known as (
    select
        employed.*,
        build.as_of_date,
        build.as_of_period
    from employed
    cross join build
    where employed.since <= build.as_of_date
),

holiday as (
    select distinct
        legal_entity_id,
        holiday_date,
        mod({{ days_between("cast('2000-01-03' as date)", 'holiday_date') }}, 7) < 5 as is_weekday
    from calendars
),

off as (
    select
        known.legal_entity_id,
        {{ period_of('holiday.holiday_date') }} as period,
        'holiday_minutes' as measure,
        known.day_minutes as minutes
    from known
    inner join holiday
        on
            known.legal_entity_id = holiday.legal_entity_id
            and holiday.is_weekday
            and holiday.holiday_date between known.since and known.as_of_date
    union all
    select
        known.legal_entity_id,
        {{ period_of('time_off.off_date') }} as period,
        'time_off_minutes' as measure,
        least(sum(time_off.minutes), min(known.day_minutes)) as minutes
    from known
    inner join time_off on known.resource_id = time_off.resource_id and time_off.off_date between known.since and known.as_of_date
    left join holiday on known.legal_entity_id = holiday.legal_entity_id and time_off.off_date = holiday.holiday_date
    where holiday.holiday_date is null and mod({{ days_between("cast('2000-01-03' as date)", 'time_off.off_date') }}, 7) < 5
    group by known.resource_id, known.legal_entity_id, time_off.off_date
),

calendar_total as (
    select
        known.legal_entity_id,
        known.as_of_period as period,
        known.day_minutes * (
            {{ weekdays_up_to('known.as_of_date') }} - {{ weekdays_up_to(add_days('known.since', '-1')) }}
        ) as minutes
    from known
),

off_total as (
    select
        off.legal_entity_id,
        off.measure,
        build.as_of_period as period,
        off.minutes
    from off
    cross join build
),

-- an application counts where both its ends stand; it takes from the one what it gives to the other
standing_application as (
    select
        build.as_of_period as period,
        applications.amount,
        applications.payment_id,
        invoices.legal_entity_id as invoice_entity,
        invoices.currency as invoice_currency,
        coalesce(payments.legal_entity_id, credits.legal_entity_id) as payer_entity,
        coalesce(payments.currency, credits.currency) as payer_currency
    from applications
    cross join build
    inner join all_invoices as invoices on applications.invoice_id = invoices.invoice_id and invoices.period <= build.as_of_period
    left join payments
        on applications.payment_id = payments.payment_id and payments.period <= build.as_of_period and not coalesce(payments.is_void, false)
    left join all_invoices as credits on applications.credit_memo_id = credits.invoice_id and credits.period <= build.as_of_period
    where payments.payment_id is not null or credits.invoice_id is not null
),

measured as (
    select
        'utilization' as mart,
        'recorded_minutes' as measure,
        entries.period,
        coalesce(resources.legal_entity_id, 'unassigned') as legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        entries.minutes as amount
    from entries
    left join resources on entries.resource_id = resources.resource_id
    union all
    select
        'utilization' as mart,
        'billable_minutes' as measure,
        entries.period,
        coalesce(resources.legal_entity_id, 'unassigned') as legal_entity_id,
        null as currency,
        case when entries.is_approved and entries.is_billable then entries.minutes else 0 end as amount
    from entries
    left join resources on entries.resource_id = resources.resource_id
    union all
    select
        'utilization' as mart,
        'credited_minutes' as measure,
        entries.period,
        coalesce(resources.legal_entity_id, 'unassigned') as legal_entity_id,
        null as currency,
        case
            when entries.is_approved and entries.is_credited and not coalesce(entries.is_billable, false) then entries.minutes else 0
        end as amount
    from entries
    left join resources on entries.resource_id = resources.resource_id
    union all
    select
        'utilization' as mart,
        measure,
        period,
        legal_entity_id,
        null as currency,
        minutes as amount
    from off
    union all
    select
        'utilization' as mart,
        'calendar_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        minutes as amount
    from calendar_total
    union all
    select
        'utilization' as mart,
        'available_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        minutes as amount
    from calendar_total
    union all
    select
        'utilization' as mart,
        'available_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        -minutes as amount
    from off_total
    union all
    select
        'utilization' as mart,
        'base_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        minutes as amount
    from calendar_total
    union all
    select
        'utilization' as mart,
        'base_minutes' as measure,
        period,
        legal_entity_id,
        null as currency,
        -minutes as amount
    from off_total
    where measure = 'time_off_minutes'
    union all
    select
        'ar' as mart,
        'open_amount' as measure,
        build.as_of_period as period,
        all_invoices.legal_entity_id,
        all_invoices.currency,
        all_invoices.gross_amount as amount
    from all_invoices
    cross join build
    where all_invoices.period <= build.as_of_period
    union all
    select
        'ar' as mart,
        'open_amount' as measure,
        build.as_of_period as period,
        payments.legal_entity_id,
        payments.currency,
        -payments.amount as amount
    from payments
    cross join build
    where payments.period <= build.as_of_period
    union all
    select
        'ar' as mart,
        'open_amount' as measure,
        period,
        invoice_entity as legal_entity_id,
        invoice_currency as currency,
        -amount as amount
    from standing_application
    union all
    select
        'ar' as mart,
        'open_amount' as measure,
        period,
        payer_entity as legal_entity_id,
        payer_currency as currency,
        amount
    from standing_application
    union all
    select
        'cash' as mart,
        'received_amount' as measure,
        build.as_of_period as period,
        payments.legal_entity_id,
        payments.currency,
        payments.amount
    from payments
    cross join build
    where payments.period <= build.as_of_period
    union all
    select
        'cash' as mart,
        'unapplied_amount' as measure,
        build.as_of_period as period,
        payments.legal_entity_id,
        payments.currency,
        payments.amount
    from payments
    cross join build
    where payments.period <= build.as_of_period
    union all
    select
        'cash' as mart,
        'unapplied_amount' as measure,
        period,
        payer_entity as legal_entity_id,
        payer_currency as currency,
        -amount as amount
    from standing_application
    where payment_id is not null
    union all
    select
        'cash' as mart,
        'applied_amount' as measure,
        period,
        payer_entity as legal_entity_id,
        payer_currency as currency,
        amount
    from standing_application
    where payment_id is not null
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
