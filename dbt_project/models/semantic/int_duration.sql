{{ config(materialized='view') }}

{%- set views = ['part_backlog', 'part_time', 'part_revenue', 'part_cash', 'part_correction'] %}

with dictionary as (
    select
        kpi_id,
        variant
    from {{ ref('kpi_dictionary') }}
    where mart = 'kpi_executive' and mart_column = 'value' and aggregation = 'median'
),

records as (
    {%- for view in views %}
    select * from {{ ref(view) }}
    where unit = 'days'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    records.month,
    records.legal_entity_id,
    records.region,
    records.practice,
    records.kpi_id,
    substr(records.variant, 1, length(records.variant) - length('_median')) as variant,
    cast(records.numerator as bigint) as days
from records
inner join dictionary on records.kpi_id = dictionary.kpi_id and records.variant = dictionary.variant
