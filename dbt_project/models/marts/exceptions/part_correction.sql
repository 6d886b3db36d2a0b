{{ config(materialized='view') }}

with tries as (
    select
        planned_period as month,
        legal_entity_id,
        region,
        'unassigned' as practice,
        is_in_effect,
        'ops' as source_vendor,
        'ops' as source_instance,
        'attempt' as source_entity,
        attempt_id as source_id,
        version_at,
        source_load_id
    from {{ ref('fct_sync_attempt') }}
    where is_settled
),

corrections as (
    select
        *,
        'unassigned' as practice,
        'ops' as source_vendor,
        'ops' as source_instance,
        'correction' as source_entity,
        correction_id as source_id
    from {{ ref('fct_correction') }}
),

settled as (
    select
        *,
        planned_period as month
    from corrections
    where is_settled
),

repaired as (
    select
        *,
        {{ period_of('repaired_date') }} as month
    from corrections
    where repaired_date is not null
)

-- a break without a money measure repairs no exposure
{%- set by_correction = "kind <> 'owner_task' and exposure_reporting is not null" %}
{%- set by_owner = "kind = 'owner_task' and exposure_reporting is not null" %}

{{ parts('exceptions', [
    ('tries', 'sync_success_rate', 'try', 'case when is_in_effect then 1 else 0 end', '1', 'ratio', none),
    ('settled', 'sync_success_rate', 'correction', 'case when is_in_effect then 1 else 0 end', '1', 'ratio', none),
    ('repaired', 'correction_time_to_repair', 'resolved_median', 'repair_days', none, 'days', 'repair_days is not null'),
    ('repaired', 'correction_time_to_repair', 'resolved_p90', 'repair_days', none, 'days', 'repair_days is not null'),
    ('repaired', 'exposure_repaired', 'by_correction', 'exposure_reporting', none, 'amount', by_correction),
    ('repaired', 'exposure_repaired', 'by_owner', 'exposure_reporting', none, 'amount', by_owner)
]) }}
