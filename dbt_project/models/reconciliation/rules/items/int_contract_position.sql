with build as (
    select * from {{ ref('int_build') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
),

executed as (
    select
        contracts.*,
        build.as_of,
        build.as_of_date,
        build.as_of_period
    from contracts
    cross join build
    where contracts.is_executed and contracts.signed_date <= build.as_of_date
),

amended as (
    select
        executed.contract_id,
        sum(amendments.amount) as amendment_amount,
        max(case when amendments.approved_date > amendments.effective_date then amendments.approved_date else amendments.effective_date end)
            as last_amended_on
    from amendments
    inner join executed on amendments.contract_id = executed.contract_id
    where amendments.is_approved and amendments.effective_date <= executed.as_of_date and amendments.currency = executed.currency
    group by executed.contract_id
),

-- fees only: re-billed expenses do not use up the contract's value
billed as (
    select
        executed.contract_id,
        sum(lines.net_amount) as billed_amount
    from executed
    inner join invoices on executed.contract_id = invoices.contract_id and executed.currency = invoices.currency
    inner join lines on invoices.invoice_id = lines.invoice_id
    where
        invoices.is_posted and not invoices.is_void
        and coalesce(invoices.posting_period, {{ period_of('invoices.issue_date') }}) <= executed.as_of_period
        and {{ is_fee('lines.source_type') }}
    group by executed.contract_id
),

recognized as (
    select
        executed.contract_id,
        sum(revenue.amount) as recognized_amount
    from executed
    inner join revenue on executed.contract_id = revenue.contract_id and executed.currency = revenue.currency
    where revenue.is_recognized and revenue.period <= executed.as_of_period
    group by executed.contract_id
),

position_parts as (
    select
        executed.*,
        coalesce(amended.amendment_amount, 0) as amendment_amount,
        amended.last_amended_on,
        case when executed.closed_date <= executed.as_of_date then coalesce(executed.debooked_amount, 0) else 0 end as debooked_to_date,
        coalesce(billed.billed_amount, 0) as billed_amount,
        coalesce(recognized.recognized_amount, 0) as recognized_amount
    from executed
    left join amended on executed.contract_id = amended.contract_id
    left join billed on executed.contract_id = billed.contract_id
    left join recognized on executed.contract_id = recognized.contract_id
)

select
    contract_id,
    qtc_id,
    source_vendor,
    source_instance,
    source_id,
    customer_id,
    contract_number,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    coalesce(practice, 'unassigned') as practice,
    status,
    billing_type,
    currency,
    functional_currency,
    signed_date,
    {{ period_of('signed_date') }} as signed_period,
    start_date,
    end_date,
    closed_date,
    cap_amount,
    planned_cost,
    version_at,
    source_load_id,
    last_amended_on,
    cast(signed_value as decimal(18, 4)) as signed_value,
    cast(amendment_amount as decimal(18, 4)) as amendment_amount,
    cast(debooked_to_date as decimal(18, 4)) as debooked_amount,
    cast(signed_value + amendment_amount as decimal(18, 4)) as amended_value,
    cast(signed_value + amendment_amount - debooked_to_date as decimal(18, 4)) as contract_value,
    cast(billed_amount as decimal(18, 4)) as billed_amount,
    cast(recognized_amount as decimal(18, 4)) as recognized_amount
from position_parts
