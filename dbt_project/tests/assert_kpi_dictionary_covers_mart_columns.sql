{{ config(tags=['step_2']) }}
-- A column of a published mart, or a KPI of the executive table, without an entry in the dictionary may not exist.
{%- set marts = [
    'fct_backlog', 'fct_unbilled_time', 'fct_invoice_exception', 'fct_margin', 'fct_movement', 'fct_engagement_event',
    'kpi_backlog', 'kpi_unbilled_time', 'kpi_invoice_exceptions', 'kpi_margin', 'kpi_executive'
] %}

with dictionary as (
    select * from {{ ref('kpi_dictionary') }}
),

mart_column as (
    {{ columns_of(marts) }}
),

executive as (
    select distinct
        kpi_id,
        variant
    from {{ ref('kpi_executive') }}
)

select
    mart_column.mart as named,
    mart_column.column_name as missing
from mart_column
left join dictionary on mart_column.mart = dictionary.mart and mart_column.column_name = dictionary.mart_column
where dictionary.kpi_id is null
union all
select
    executive.kpi_id as named,
    executive.variant as missing
from executive
left join dictionary
    on executive.kpi_id = dictionary.kpi_id and executive.variant = dictionary.variant and dictionary.mart = 'kpi_executive'
where dictionary.kpi_id is null
