{{ config(materialized='view') }}

{%- set methods = ['percentage_of_completion', 'cost_of_sales', 'sales_value', 'cost_value', 'completed_contract'] %}

with build as (
    select * from {{ ref('int_build') }}
),

records as (
    select * from {{ ref('int_margin_record') }}
),

recorded as (
    select * from {{ ref('int_recorded_time') }}
    where contract_id is not null
),

margins as (
    select * from {{ ref('fct_margin') }}
    where is_as_of_period
),

wip as (
    select * from {{ ref('fct_wip') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

worked as (
    select
        recorded.*,
        {{ ratio('recorded.minutes', '60') }} as hours
    from recorded
),

-- a contract whose plan or forecast is unknown stands there and counts nothing
planned as (
    select
        margins.period as month,
        margins.legal_entity_id,
        margins.region,
        margins.practice,
        margins.contract_value_reporting as value,
        margins.contract_value_reporting - margins.planned_cost_reporting as booked,
        margins.contract_value_reporting - margins.forecast_cost_reporting as forecast,
        {{ source_columns('contracts') }}
    from margins
    inner join contracts on margins.contract_id = contracts.contract_id
),

in_progress as (
    select
        build.as_of_period as month,
        wip.legal_entity_id,
        wip.region,
        wip.practice,
        {%- for method in methods %}
        {{ to_reporting('wip.' ~ method ~ '_sales', 'rates.rate') }} as {{ method }}_sales,
        {{ to_reporting('wip.' ~ method ~ '_cost', 'rates.rate') }} as {{ method }}_cost,
        {%- endfor %}
        {{ source_columns('contracts') }}
    from wip
    cross join build
    inner join contracts on wip.contract_id = contracts.contract_id
    left join rates on wip.currency = rates.currency
)

{%- set branches = [
    ('records', 'billed', 'net', 'amount_reporting', none, 'amount', "kind in ('billed', 'standing')"),
    ('records', 'margin', 'recognized', 'amount_reporting', 'amount_reporting', 'ratio', "kind in ('recognized', 'standing')"),
    ('records', 'margin', 'recognized', '-amount_reporting', '0', 'ratio', "kind = 'cost'"),
    ('records', 'margin', 'billed', 'amount_reporting', 'amount_reporting', 'ratio', "kind in ('billed', 'standing')"),
    ('records', 'margin', 'billed', '-amount_reporting', '0', 'ratio', "kind = 'cost'"),
    (
        'planned', 'margin', 'booked', 'case when booked is null then 0 else booked end',
        'case when booked is null then 0 else value end', 'ratio', none
    ),
    (
        'planned', 'margin', 'forecast', 'case when forecast is null then 0 else forecast end',
        'case when forecast is null then 0 else value end', 'ratio', none
    ),
    ('records', 'effective_rate', 'recognized', 'amount_reporting', '0', 'rate', "kind = 'recognized'"),
    ('worked', 'effective_rate', 'recognized', '0', 'hours', 'rate', none),
] %}
{%- for method in methods %}
{%- for result in ['sales', 'cost'] %}
{%- set variant = method ~ '_' ~ result %}
{%- do branches.append(('in_progress', 'wip', variant, variant, none, 'amount', variant ~ ' is not null')) %}
{%- endfor %}
{%- endfor %}

{{ parts('margin', branches) }}
