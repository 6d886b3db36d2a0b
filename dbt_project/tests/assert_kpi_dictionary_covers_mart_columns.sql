{{ config(tags=['step_2']) }}
-- A column of a published mart, or a KPI of the executive table, without an entry in the dictionary may not exist.
{%- set marts = [
    'dim_contract', 'dim_customer', 'dim_date', 'fct_activation_readiness',
    'fct_backlog', 'fct_unbilled_time', 'fct_invoice_exception', 'fct_margin', 'fct_movement', 'fct_engagement_event',
    'fct_wip', 'fct_utilization', 'fct_contract_position', 'fct_receivable', 'fct_payment', 'fct_correction', 'fct_sync_attempt',
    'kpi_backlog', 'kpi_unbilled_time', 'kpi_invoice_exceptions', 'kpi_margin', 'kpi_utilization', 'kpi_revenue', 'kpi_receivable',
    'kpi_cash', 'kpi_duration', 'kpi_executive'
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
union all
-- a word that names no way of aggregating, a measure without formula, unit or owner, or a KPI without exactly one default
select
    kpi_id as named,
    variant as missing
from dictionary
where
    aggregation is null or aggregation not in ('sum', 'ratio', 'median', 'p90', 'difference', 'none')
    or default_variant is null or default_variant not in ('yes', 'no')
    or (kpi_id <> 'dimension' and (formula is null or unit is null or owner is null))
union all
select
    kpi_id as named,
    'default_variant' as missing
from dictionary
where mart = 'kpi_executive' and mart_column = 'value'
group by kpi_id
having sum(case when default_variant = 'yes' then 1 else 0 end) <> 1
{{ models_not_among(marts) }}
