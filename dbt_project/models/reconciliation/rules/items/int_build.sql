{{ config(materialized='view') }}

with build as (
    select * from {{ source('raw', 'qtc_build') }}
)

select
    build_id,
    cast(as_of as timestamp) as as_of,
    cast(as_of_date as date) as as_of_date,
    {{ period_of('cast(as_of_date as date)') }} as as_of_period,
    reporting_currency
from build
