with opportunities as (
    select * from {{ ref('core_opportunity') }}
    where is_won and qtc_id is not null
),

contracts as (
    select * from {{ ref('core_contract') }}
    where is_executed and qtc_id is not null
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
    where qtc_id is not null
),

projects as (
    select * from {{ ref('core_project') }}
    where qtc_id is not null
),

time_entries as (
    select * from {{ ref('core_time_entry') }}
    where qtc_id is not null
),

milestones as (
    select * from {{ ref('core_milestone') }}
    where is_accepted and qtc_id is not null
),

invoices as (
    select * from {{ ref('core_invoice') }}
    where qtc_id is not null
),

applications as (
    select
        core_payment_application.*,
        core_payment.payment_date,
        invoices.document_number
    from {{ ref('core_payment_application') }} as core_payment_application
    inner join {{ ref('core_payment') }} as core_payment on core_payment_application.payment_id = core_payment.payment_id
    inner join invoices on core_payment_application.invoice_id = invoices.invoice_id
    where core_payment_application.qtc_id is not null
),

revenue_entries as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized and qtc_id is not null
),

recorded as (
    select
        qtc_id,
        source_instance,
        project_id,
        period,
        case system_role when 'erp' then 'time transferred' else 'time recorded' end as event,
        max(work_date) as last_date,
        cast(sum(minutes) as bigint) as minutes
    from time_entries
    group by qtc_id, source_instance, project_id, period, case system_role when 'erp' then 'time transferred' else 'time recorded' end
),

recognized as (
    select
        qtc_id,
        source_instance,
        contract_id,
        period,
        currency,
        sum(amount) as amount
    from revenue_entries
    group by qtc_id, source_instance, contract_id, period, currency
),

events as (
    select
        qtc_id,
        close_date as event_date,
        source_instance as system,
        'opportunity won' as event,
        source_id as reference,
        amount,
        currency,
        name as detail
    from opportunities
    union all
    select qtc_id, signed_date, source_instance, 'contract signed', contract_number, signed_value, currency, billing_type from contracts
    union all
    select
        qtc_id,
        closed_date,
        source_instance,
        'contract closed',
        contract_number,
        -debooked_amount,
        currency,
        'de-booked'
    from contracts
    where closed_date is not null
    union all
    select
        qtc_id,
        coalesce(approved_date, effective_date),
        source_instance,
        case when is_approved then 'amendment approved' else 'amendment drafted' end,
        source_id,
        amount,
        currency,
        status
    from amendments
    union all
    select
        qtc_id,
        cast(created_at as date),
        source_instance,
        'project created',
        source_id,
        price_amount,
        currency,
        status
    from projects
    union all
    select qtc_id, last_date, source_instance, event, project_id, null, null, cast(minutes as varchar) || ' minutes in ' || period from recorded
    union all
    select qtc_id, accepted_date, source_instance, 'milestone accepted', source_id, amount, currency, null from milestones
    union all
    select
        qtc_id,
        issue_date,
        source_instance,
        case when is_posted then 'posted ' else 'drafted ' end || replace(document_type, '_', ' '),
        document_number,
        gross_amount,
        currency,
        case when is_void then 'void' end
    from invoices
    union all
    select qtc_id, payment_date, source_instance, 'payment applied', document_number, amount, currency, null from applications
    union all
    select
        qtc_id,
        {{ period_end('period') }},
        source_instance,
        'revenue recognized',
        contract_id,
        amount,
        currency,
        period
    from recognized
)

select
    qtc_id,
    event_date,
    system,
    event,
    reference,
    cast(amount as decimal(18, 4)) as amount,
    currency,
    detail
from events
