{{ config(materialized='view') }}

with recorded as (
    select * from {{ ref('int_recorded_time') }}
),

utilization as (
    select * from {{ ref('fct_utilization') }}
),

resources as (
    select * from {{ ref('core_resource') }}
),

worked as (
    select
        recorded.month,
        coalesce(resources.legal_entity_id, 'unassigned') as legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        recorded.minutes,
        recorded.is_approved and recorded.is_billable as is_charged,
        recorded.is_approved and (recorded.is_billable or recorded.is_credited) as is_useful,
        {{ source_columns('recorded') }}
    from recorded
    left join resources on recorded.resource_id = resources.resource_id
),

capacity as (
    select
        utilization.period as month,
        utilization.legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        utilization.calendar_minutes,
        utilization.available_minutes,
        utilization.base_minutes,
        {{ source_columns('resources') }}
    from utilization
    inner join resources on utilization.resource_id = resources.resource_id
    where utilization.calendar_minutes > 0
),

client_time as (
    select * from recorded
    where contract_id is not null
)

{{ parts('utilization', [
    ('worked', 'utilization', 'billable_available', 'minutes', '0', 'ratio', 'is_charged'),
    ('capacity', 'utilization', 'billable_available', '0', 'available_minutes', 'ratio', none),
    ('worked', 'utilization', 'billable_calendar', 'minutes', '0', 'ratio', 'is_charged'),
    ('capacity', 'utilization', 'billable_calendar', '0', 'calendar_minutes', 'ratio', none),
    ('worked', 'utilization', 'billable_credited_available', 'minutes', '0', 'ratio', 'is_useful'),
    ('capacity', 'utilization', 'billable_credited_available', '0', 'available_minutes', 'ratio', none),
    ('worked', 'utilization', 'billable_base_pto', 'minutes', '0', 'ratio', 'is_charged'),
    ('capacity', 'utilization', 'billable_base_pto', '0', 'base_minutes', 'ratio', none),
    ('worked', 'utilization', 'billable_recorded', 'case when is_charged then minutes else 0 end', 'minutes', 'ratio', none),
    ('client_time', 'realization_billable_hours', 'recorded', 'case when is_billable then minutes else 0 end', 'minutes', 'ratio', none)
]) }}
