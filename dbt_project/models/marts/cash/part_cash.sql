{{ config(materialized='view') }}

with applications as (
    select * from {{ ref('int_application') }}
    where payment_id is not null
),

applied as (
    select
        {{ period_of('payment_date') }} as month,
        legal_entity_id,
        region,
        practice,
        {{ days_between('payment_date', 'applied_date') }} as days,
        {{ source_columns('applications') }}
    from applications
    where payment_date is not null and applied_date is not null
)

{{ parts('cash', [
    ('applied', 'cash_application_lag', 'payment_median', 'days', none, 'days', none),
    ('applied', 'cash_application_lag', 'payment_p90', 'days', none, 'days', none)
]) }}
