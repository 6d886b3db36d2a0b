with build as (
    select * from {{ ref('int_build') }}
),

digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

numbered as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * many.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as many
    where many.digit < 2
),

days as (
    select
        number,
        {{ add_days("cast('2000-01-03' as date)", 'number') }} as date_day
    from numbered
)

select
    days.date_day,
    {{ period_of('days.date_day') }} as month,
    mod(days.number, 7) < 5 as is_weekday
from days
cross join build
where days.date_day <= build.as_of_date
