with dictionary as (
    select
        kpi_id,
        variant
    from {{ ref('kpi_dictionary') }}
    where mart = 'kpi_executive' and mart_column = 'value' and aggregation = 'median'
),

cells as (
    select * from {{ ref('int_executive_value') }}
)

select
    cells.month,
    cells.legal_entity_id,
    cells.region,
    cells.practice,
    cells.kpi_id,
    cast(substr(cells.variant, 1, length(cells.variant) - length('_median')) as {{ dbt.type_string() }}) as variant,
    cast(cells.days as bigint) as days,
    cast(cells.parts as bigint) as records,
    cells.mart
from cells
inner join dictionary on cells.kpi_id = dictionary.kpi_id and cells.variant = dictionary.variant
