with mart_totals as (
    select * from {{ ref('int_mart_total') }}
    union all
    select * from {{ ref('int_mart_total_capacity_and_cash') }}
),

canonical_totals as (
    select * from {{ ref('int_canonical_total') }}
    union all
    select * from {{ ref('int_canonical_total_capacity_and_cash') }}
),

both_sides as (
    select
        mart,
        measure,
        period,
        legal_entity_id,
        currency,
        mart_total,
        cast(0 as decimal(24, 4)) as canonical_total
    from mart_totals
    union all
    select
        mart,
        measure,
        period,
        legal_entity_id,
        currency,
        0 as mart_total,
        canonical_total
    from canonical_totals
)

select
    mart,
    measure,
    period,
    legal_entity_id,
    currency,
    cast(sum(mart_total) as decimal(24, 4)) as mart_total,
    cast(sum(canonical_total) as decimal(24, 4)) as canonical_total,
    cast(sum(mart_total) - sum(canonical_total) as decimal(24, 4)) as difference
from both_sides
group by mart, measure, period, legal_entity_id, currency
