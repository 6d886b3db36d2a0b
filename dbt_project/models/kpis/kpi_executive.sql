with cells as (
    select * from {{ ref('int_executive_cell') }}
),

build as (
    select * from {{ ref('int_build') }}
),

-- erosion has no parts of its own: it is the difference of two margins
erosion as (
    select
        booked.month,
        booked.legal_entity_id,
        booked.region,
        booked.practice,
        booked.value - forecast.value as value,
        coalesce(booked.kpi_status, forecast.kpi_status) as kpi_status
    from cells as booked
    inner join cells as forecast
        on
            booked.month = forecast.month and booked.legal_entity_id = forecast.legal_entity_id
            and booked.region = forecast.region and booked.practice = forecast.practice
    where booked.kpi_id = 'margin' and booked.variant = 'booked' and forecast.kpi_id = 'margin' and forecast.variant = 'forecast'
),

kpis as (
    select
        month,
        legal_entity_id,
        region,
        practice,
        kpi_id,
        variant,
        value,
        numerator,
        denominator,
        unit,
        mart,
        kpi_status
    from cells
    union all
    select
        month,
        legal_entity_id,
        region,
        practice,
        'margin' as kpi_id,
        'erosion' as variant,
        value,
        null as numerator,
        null as denominator,
        'ratio' as unit,
        'margin' as mart,
        kpi_status
    from erosion
)

select
    kpis.month,
    kpis.legal_entity_id,
    kpis.region,
    kpis.practice,
    kpis.kpi_id,
    kpis.variant,
    cast(kpis.value as decimal(24, 6)) as value,
    cast(kpis.numerator as decimal(24, 6)) as numerator,
    cast(kpis.denominator as decimal(24, 6)) as denominator,
    kpis.unit,
    case when kpis.unit in ('amount', 'rate') then build.reporting_currency end as currency,
    kpis.mart,
    kpis.kpi_status
from kpis
cross join build
