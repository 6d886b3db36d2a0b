with found as (
    select * from {{ ref('rec_row') }}
),

control_total as (
    select * from {{ ref('int_total_engagement') }}
    union all
    select * from {{ ref('int_total_terms') }}
    union all
    select * from {{ ref('int_total_time') }}
    union all
    select * from {{ ref('int_total_invoice') }}
    union all
    select * from {{ ref('int_total_delivery') }}
    union all
    select * from {{ ref('int_total_ledger') }}
),

summed as (
    select
        leg,
        measure,
        period,
        legal_entity_id,
        currency,
        sum(left_total) as left_total,
        sum(right_total) as right_total,
        0 as break_total,
        0 as timing_total,
        0 as reconciling_total,
        0 as unexplained_total,
        0 as unexplained_rows,
        0 as unexplained_abs
    from control_total
    group by leg, measure, period, legal_entity_id, currency
),

explained as (
    select
        leg,
        measure,
        period,
        legal_entity_id,
        currency,
        0 as left_total,
        0 as right_total,
        sum(case when kind = 'break' then difference else 0 end) as break_total,
        sum(case when kind = 'timing' then difference else 0 end) as timing_total,
        sum(case when kind = 'reconciling' then difference else 0 end) as reconciling_total,
        sum(case when kind = 'unexplained' then difference else 0 end) as unexplained_total,
        sum(case when kind = 'unexplained' and difference <> 0 then 1 else 0 end) as unexplained_rows,
        sum(case when kind = 'unexplained' then abs(difference) else 0 end) as unexplained_abs
    from found
    -- completeness is judged by gate E0, on totals of its own
    where kind <> 'condition' and leg <> 'completeness'
    group by leg, measure, period, legal_entity_id, currency
),

both_parts as (
    select * from summed
    union all
    select * from explained
),

cell as (
    select
        leg,
        measure,
        period,
        legal_entity_id,
        currency,
        sum(left_total) as left_total,
        sum(right_total) as right_total,
        sum(break_total) as break_total,
        sum(timing_total) as timing_total,
        sum(reconciling_total) as reconciling_total,
        sum(unexplained_total) as unexplained_total,
        sum(unexplained_rows) as unexplained_rows,
        sum(unexplained_abs) as unexplained_abs
    from both_parts
    group by leg, measure, period, legal_entity_id, currency
),

-- receivables are compared as balances: everything posted up to the period
balance as (
    select
        leg,
        measure,
        period,
        legal_entity_id,
        currency,
        sum(left_total) over up_to_period as left_total,
        sum(right_total) over up_to_period as right_total,
        sum(break_total) over up_to_period as break_total,
        sum(timing_total) over up_to_period as timing_total,
        sum(reconciling_total) over up_to_period as reconciling_total,
        sum(unexplained_total) over up_to_period as unexplained_total,
        sum(unexplained_rows) over up_to_period as unexplained_rows,
        sum(unexplained_abs) over up_to_period as unexplained_abs
    from cell
    where leg = 'ar_to_gl'
    window up_to_period as (
        partition by leg, measure, legal_entity_id, currency order by period asc nulls first
        rows between unbounded preceding and current row
    )
),

totals as (
    select * from cell
    where leg <> 'ar_to_gl'
    union all
    select * from balance
)

select
    case when leg = 'ar_to_gl' then leg else split_part(leg, '.', 1) end as rule_id,
    leg,
    measure,
    period,
    coalesce(legal_entity_id, 'unassigned') as legal_entity_id,
    currency,
    cast(left_total as decimal(24, 4)) as left_total,
    cast(right_total as decimal(24, 4)) as right_total,
    cast(left_total - right_total as decimal(24, 4)) as difference,
    cast(break_total as decimal(24, 4)) as break_total,
    cast(timing_total as decimal(24, 4)) as timing_total,
    cast(reconciling_total as decimal(24, 4)) as reconciling_total,
    cast(unexplained_total as decimal(24, 4)) as unexplained_total,
    cast(unexplained_rows as bigint) as unexplained_rows,
    cast(unexplained_abs as decimal(24, 4)) as unexplained_abs
from totals
