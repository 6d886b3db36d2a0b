with dictionary as (
    select
        kpi_id,
        variant,
        aggregation
    from {{ ref('kpi_dictionary') }}
    where mart = 'kpi_executive' and mart_column = 'value'
),

values_found as (
    select * from {{ ref('int_executive_value') }}
),

aggregated as (
    select
        values_found.*,
        dictionary.aggregation
    from values_found
    left join dictionary on values_found.kpi_id = dictionary.kpi_id and values_found.variant = dictionary.variant
),

ranked as (
    select
        aggregated.*,
        sum(parts) over (
            partition by month, legal_entity_id, region, practice, kpi_id, variant
            order by days asc nulls last
            rows between unbounded preceding and current row
        ) as parts_so_far,
        sum(parts) over (partition by month, legal_entity_id, region, practice, kpi_id, variant) as all_parts
    from aggregated
    where aggregation in ('median', 'p90')
),

-- nearest rank: the smallest value that at least this share of the parts does not exceed
percentile as (
    select
        month,
        legal_entity_id,
        region,
        practice,
        kpi_id,
        variant,
        unit,
        mart,
        aggregation,
        min(
            case
                when aggregation = 'median' and 2 * parts_so_far >= all_parts then days
                when aggregation = 'p90' and 10 * parts_so_far >= 9 * all_parts then days
            end
        ) as numerator,
        cast(null as decimal(24, 6)) as denominator
    from ranked
    group by month, legal_entity_id, region, practice, kpi_id, variant, unit, mart, aggregation
),

-- what is unknown of one part is unknown of the sum
summed as (
    select
        month,
        legal_entity_id,
        region,
        practice,
        kpi_id,
        variant,
        unit,
        mart,
        aggregation,
        case when sum(known_parts) = sum(parts) then sum(numerator) end as numerator,
        case when sum(divided_parts) = sum(parts) then sum(denominator) end as denominator
    from aggregated
    where aggregation is null or aggregation not in ('median', 'p90')
    group by month, legal_entity_id, region, practice, kpi_id, variant, unit, mart, aggregation
),

cells as (
    select * from summed
    union all
    select * from percentile
)

select
    month,
    legal_entity_id,
    region,
    practice,
    kpi_id,
    variant,
    unit,
    mart,
    cast(numerator as decimal(24, 6)) as numerator,
    cast(denominator as decimal(24, 6)) as denominator,
    case
        when aggregation = 'ratio' then {{ ratio('numerator', 'denominator') }}
        else cast(numerator as decimal(24, 6))
    end as value,
    case
        when numerator is null then 'a part of its numerator is unknown'
        when aggregation = 'ratio' and denominator is null then 'a part of its denominator is unknown'
    end as kpi_status
from cells
