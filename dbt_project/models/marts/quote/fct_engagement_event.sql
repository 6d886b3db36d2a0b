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
    select
        qtc_id,
        signed_date as event_date,
        source_instance as system,
        'contract signed' as event,
        contract_number as reference,
        signed_value as amount,
        currency,
        billing_type as detail
    from contracts
    union all
    select
        qtc_id,
        closed_date as event_date,
        source_instance as system,
        'contract closed' as event,
        contract_number as reference,
        -debooked_amount as amount,
        currency,
        'de-booked' as detail
    from contracts
    where closed_date is not null
    union all
    select
        qtc_id,
        coalesce(approved_date, effective_date) as event_date,
        source_instance as system,
        case when is_approved then 'amendment approved' else 'amendment drafted' end as event,
        source_id as reference,
        amount,
        currency,
        status as detail
    from amendments
    union all
    select
        qtc_id,
        cast(created_at as date) as event_date,
        source_instance as system,
        'project created' as event,
        source_id as reference,
        price_amount as amount,
        currency,
        status as detail
    from projects
    union all
    select
        qtc_id,
        last_date as event_date,
        source_instance as system,
        event,
        project_id as reference,
        null as amount,
        null as currency,
        cast(minutes as varchar) || ' minutes in ' || period as detail
    from recorded
    union all
    select
        qtc_id,
        accepted_date as event_date,
        source_instance as system,
        'milestone accepted' as event,
        source_id as reference,
        amount,
        currency,
        null as detail
    from milestones
    union all
    select
        qtc_id,
        issue_date as event_date,
        source_instance as system,
        case when is_posted then 'posted ' else 'drafted ' end || replace(document_type, '_', ' ') as event,
        document_number as reference,
        gross_amount as amount,
        currency,
        case when is_void then 'void' end as detail
    from invoices
    union all
    select
        qtc_id,
        payment_date as event_date,
        source_instance as system,
        'payment applied' as event,
        document_number as reference,
        amount,
        currency,
        null as detail
    from applications
    union all
    select
        qtc_id,
        {{ period_end('period') }} as event_date,
        source_instance as system,
        'revenue recognized' as event,
        contract_id as reference,
        amount,
        currency,
        period as detail
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
