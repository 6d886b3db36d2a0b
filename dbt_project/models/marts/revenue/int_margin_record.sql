with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
    where {{ is_fee('source_type') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved
),

spending as (
    select * from {{ ref('int_spending') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

margins as (
    select * from {{ ref('fct_margin') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

found as (
    select
        'recognized' as kind,
        revenue.contract_id,
        revenue.period as month,
        revenue.functional_amount as amount,
        {{ source_columns('revenue') }}
    from revenue
    cross join build
    where revenue.period <= build.as_of_period
    union all
    select
        'billed' as kind,
        documents.contract_id,
        documents.period as month,
        lines.functional_amount as amount,
        {{ source_columns('lines') }}
    from lines
    inner join documents on lines.invoice_id = documents.invoice_id
    cross join build
    where documents.period <= build.as_of_period
    union all
    select
        'cost' as kind,
        entries.contract_id,
        entries.period as month,
        {{ minutes_value('entries.minutes', 'entries.cost_rate', 'currencies.minor_unit') }} as amount,
        {{ source_columns('entries') }}
    from entries
    inner join positions on entries.contract_id = positions.contract_id
    left join currencies on positions.functional_currency = currencies.currency_id
    cross join build
    where entries.work_date <= build.as_of_date
    union all
    select
        'cost' as kind,
        spending.contract_id,
        spending.period as month,
        spending.functional_amount as amount,
        {{ source_columns('spending') }}
    from spending
    where spending.functional_amount is not null
    union all
    -- a contract stands in every month of its course, with nothing of its own
    select
        'standing' as kind,
        margins.contract_id,
        margins.period as month,
        0 as amount,
        {{ source_columns('contracts') }}
    from margins
    inner join contracts on margins.contract_id = contracts.contract_id
),

-- a month's sum is converted once: each record takes what it adds to the converted sum
ordered as (
    select
        found.*,
        coalesce(sum(found.amount) over (
            partition by found.contract_id, found.month, found.kind
            order by found.source_entity asc nulls last, found.source_instance asc nulls last, found.source_id asc nulls last
            rows between unbounded preceding and current row
        ), 0) as amount_so_far
    from found
)

select
    ordered.kind,
    ordered.month,
    ordered.contract_id,
    positions.legal_entity_id,
    positions.region,
    positions.practice,
    positions.functional_currency as currency,
    cast(ordered.amount as decimal(18, 4)) as amount,
    case
        when ordered.amount is not null
            then
                {{ to_reporting('ordered.amount_so_far', 'rates.rate') }}
                - {{ to_reporting('(ordered.amount_so_far - ordered.amount)', 'rates.rate') }}
    end as amount_reporting,
    {{ source_columns('ordered') }}
from ordered
inner join positions on ordered.contract_id = positions.contract_id
left join rates on positions.functional_currency = rates.currency and ordered.month = rates.period
