-- A drill sums to the mart to the cent: records of margin to their contract and month, parts of receivables to what is owed.
-- Where a part has no known rate, both are unknown.
with records as (
    select
        contract_id,
        month,
        sum(case when kind = 'standing' and amount_reporting is null then 1 else 0 end) as unrated,
        sum(case when kind = 'recognized' then amount_reporting else 0 end) as recognized,
        sum(case when kind = 'billed' then amount_reporting else 0 end) as billed,
        sum(case when kind = 'cost' then amount_reporting else 0 end) as cost
    from {{ ref('int_margin_record') }}
    group by contract_id, month
),

margins as (
    select * from {{ ref('fct_margin') }}
),

aged as (
    select
        sum(numerator) as amount,
        count(*) - count(numerator) as unrated
    from {{ ref('part_receivable') }}
    where kpi_id = 'ar_aging'
),

owed as (
    select
        sum(open_reporting) as amount,
        count(*) - count(open_reporting) as unrated
    from {{ ref('fct_receivable') }}
)

select
    margins.contract_id as named,
    margins.period as cell
from margins
left join records on margins.contract_id = records.contract_id and margins.period = records.month
where
    (margins.recognized_reporting is null) <> (coalesce(records.unrated, 0) > 0)
    or coalesce(margins.recognized_reporting, 0) <> coalesce(records.recognized, 0)
    or coalesce(margins.billed_reporting, 0) <> coalesce(records.billed, 0)
    or coalesce(margins.total_cost_reporting, 0) <> coalesce(records.cost, 0)
union all
select
    'ar_aging' as named,
    'all' as cell
from aged
cross join owed
where coalesce(aged.amount, 0) <> coalesce(owed.amount, 0) or aged.unrated <> owed.unrated
