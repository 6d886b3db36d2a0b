with parts as (
    select * from {{ ref('int_executive_part') }}
),

build as (
    select * from {{ ref('int_build') }}
),

valued as (
    select
        parts.*,
        -- one type for both: an amount's wide type would leave a ratio four places
        case
            when parts.unit = 'ratio' then {{ ratio('parts.numerator', 'parts.denominator') }}
            else cast(parts.numerator as decimal(24, 6))
        end as value
    from parts
),

-- erosion has no parts of its own: it is the difference of two margins
erosion as (
    select
        booked.month,
        booked.legal_entity_id,
        booked.region,
        booked.practice,
        booked.value - forecast.value as value
    from valued as booked
    inner join valued as forecast
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
        mart
    from valued
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
        'margin' as mart
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
    cast(kpis.numerator as decimal(24, 4)) as numerator,
    cast(kpis.denominator as decimal(24, 4)) as denominator,
    kpis.unit,
    case when kpis.unit = 'amount' then build.reporting_currency end as currency,
    kpis.mart
from kpis
cross join build
