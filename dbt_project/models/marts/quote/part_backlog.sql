{{ config(materialized='view') }}

with build as (
    select * from {{ ref('int_build') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

movements as (
    select * from {{ ref('fct_movement') }}
    where stock = 'backlog' and movement_type in ('signed', 'amendment', 'de_booked')
),

backlog as (
    select * from {{ ref('fct_backlog') }}
),

activation as (
    select * from {{ ref('int_activation') }}
),

booked as (
    select
        movements.period as month,
        movements.legal_entity_id,
        coalesce(contracts.region, 'unassigned') as region,
        coalesce(contracts.practice, 'unassigned') as practice,
        {{ to_reporting('movements.amount', 'rates.rate') }} as amount,
        {{ source_columns_of_either('amendments', 'contracts') }}
    from movements
    inner join contracts on movements.contract_id = contracts.contract_id
    left join amendments on movements.movement_id = 'amendment:' || amendments.contract_amendment_id
    left join rates on movements.currency = rates.currency and movements.period = rates.period
),

standing as (
    select
        build.as_of_period as month,
        backlog.legal_entity_id,
        backlog.region,
        backlog.practice,
        backlog.backlog_billing_reporting as billing,
        backlog.backlog_revenue_reporting as revenue,
        {{ to_reporting('backlog.delivered_unbilled', 'backlog.reporting_rate') }} as delivered_unbilled,
        {{ to_reporting('backlog.scheduled', 'backlog.reporting_rate') }} as scheduled,
        {{ to_reporting('backlog.inactive', 'backlog.reporting_rate') }} as inactive,
        {{ to_reporting('backlog.unscheduled', 'backlog.reporting_rate') }} as unscheduled,
        {{ to_reporting('backlog.unscheduled_vendor', 'backlog.reporting_rate') }} as unscheduled_vendor,
        {{ source_columns('contracts') }}
    from backlog
    cross join build
    inner join contracts on backlog.contract_id = contracts.contract_id
),

activated as (
    select
        activation.month,
        activation.days_to_project,
        activation.days_to_time,
        activation.days_to_invoice,
        activation.days_to_cash,
        activation.is_within_sla,
        contracts.legal_entity_id,
        coalesce(contracts.region, 'unassigned') as region,
        coalesce(contracts.practice, 'unassigned') as practice,
        {{ source_columns('contracts') }}
    from activation
    inner join contracts on activation.contract_id = contracts.contract_id
)

{{ parts('backlog', [
    ('booked', 'bookings', 'signed', 'amount', none, 'amount', none),
    ('standing', 'backlog', 'billing', 'billing', none, 'amount', none),
    ('standing', 'backlog', 'revenue', 'revenue', none, 'amount', none),
    ('standing', 'backlog', 'delivered_unbilled', 'delivered_unbilled', none, 'amount', none),
    ('standing', 'backlog', 'scheduled', 'scheduled', none, 'amount', none),
    ('standing', 'backlog', 'inactive', 'inactive', none, 'amount', none),
    ('standing', 'backlog', 'unscheduled', 'unscheduled', none, 'amount', none),
    ('standing', 'backlog', 'unscheduled_vendor', 'unscheduled_vendor', none, 'amount', none),
    ('activated', 'activation_time', 'psa_project_median', 'days_to_project', none, 'days', 'days_to_project is not null'),
    ('activated', 'activation_time', 'psa_project_p90', 'days_to_project', none, 'days', 'days_to_project is not null'),
    ('activated', 'activation_time', 'first_time_median', 'days_to_time', none, 'days', 'days_to_time is not null'),
    ('activated', 'activation_time', 'first_time_p90', 'days_to_time', none, 'days', 'days_to_time is not null'),
    ('activated', 'activation_time', 'first_invoice_median', 'days_to_invoice', none, 'days', 'days_to_invoice is not null'),
    ('activated', 'activation_time', 'first_invoice_p90', 'days_to_invoice', none, 'days', 'days_to_invoice is not null'),
    ('activated', 'activation_time', 'first_cash_median', 'days_to_cash', none, 'days', 'days_to_cash is not null'),
    ('activated', 'activation_time', 'first_cash_p90', 'days_to_cash', none, 'days', 'days_to_cash is not null'),
    ('activated', 'activation_time', 'psa_project_within_sla', 'case when is_within_sla then 1 else 0 end', '1', 'ratio', none)
]) }}
