with build as (
    select * from {{ ref('int_build') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice'
),

receivables as (
    select * from {{ ref('fct_receivable') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

issued as (
    select
        documents.invoice_id,
        documents.legal_entity_id,
        {{ period_of('documents.issue_date') }} as month,
        {{ to_reporting('documents.gross_amount', 'rates.rate') }} as gross_reporting
    from documents
    cross join build
    left join rates on documents.currency = rates.currency
    where documents.issue_date <= build.as_of_date and documents.period <= build.as_of_period
),

first_month as (
    select
        legal_entity_id,
        min(month) as month
    from issued
    group by legal_entity_id
),

owed as (
    select
        legal_entity_id,
        sum(open_reporting) as open_amount
    from receivables
    group by legal_entity_id
),

month_days as (
    select
        month,
        count(*) as days
    from days
    group by month
),

monthly as (
    select
        legal_entity_id,
        month,
        sum(gross_reporting) as gross_reporting
    from issued
    group by legal_entity_id, month
),

calendar as (
    select
        first_month.legal_entity_id,
        month_days.month,
        month_days.days,
        coalesce(monthly.gross_reporting, 0) as gross_reporting,
        coalesce(owed.open_amount, 0) as open_amount
    from first_month
    inner join month_days on first_month.month <= month_days.month
    left join monthly on first_month.legal_entity_id = monthly.legal_entity_id and month_days.month = monthly.month
    left join owed on first_month.legal_entity_id = owed.legal_entity_id
),

-- what is still open when the count reaches a month on its way back from as of
reached as (
    select
        calendar.*,
        open_amount - (sum(gross_reporting) over (
            partition by legal_entity_id order by month desc nulls last rows between unbounded preceding and current row
        ) - gross_reporting) as remaining
    from calendar
),

counted as (
    select
        reached.*,
        case
            when open_amount < 0 then null
            when remaining <= 0 then 0
            when remaining >= gross_reporting then cast(days as decimal(24, 6))
            else {{ money_div('days * remaining', 'gross_reporting', 6) }}
        end as counted_days
    from reached
),

-- a month's days lie on its invoices by their gross, each taking what it adds
shared as (
    select
        counted.legal_entity_id,
        counted.month,
        issued.invoice_id,
        counted.counted_days,
        counted.gross_reporting,
        issued.gross_reporting as own,
        sum(issued.gross_reporting) over (
            partition by counted.legal_entity_id, counted.month
            order by issued.invoice_id asc nulls last
            rows between unbounded preceding and current row
        ) as own_so_far
    from counted
    left join issued on counted.legal_entity_id = issued.legal_entity_id and counted.month = issued.month
)

select
    legal_entity_id,
    month,
    invoice_id,
    cast(
        case
            when invoice_id is null or gross_reporting = 0 or counted_days is null then counted_days
            else
                {{ money_div('counted_days * own_so_far', 'gross_reporting', 6) }}
                - {{ money_div('counted_days * (own_so_far - own)', 'gross_reporting', 6) }}
        end as decimal(24, 6)
    ) as days
from shared
