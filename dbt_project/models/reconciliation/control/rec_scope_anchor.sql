{{ config(materialized='table') }}

-- A role that sees one subsidiary shortens count and read alike; only the configured list shows what is missing.
with occurring as (
    select
        source_instance,
        legal_entity_id,
        currency
    from {{ ref('core_contract') }}
    union all
    select
        source_instance,
        legal_entity_id,
        currency
    from {{ ref('core_project') }}
    union all
    select
        source_instance,
        legal_entity_id,
        currency
    from {{ ref('core_customer') }}
    union all
    select
        source_instance,
        legal_entity_id,
        currency
    from {{ ref('core_invoice') }}
),

expected as (
    select distinct
        'legal_entity' as kind,
        legal_entity_id as value,
        instance
    from {{ source('raw', 'qtc_legal_entity') }}
    union all
    select distinct
        'currency' as kind,
        currency as value,
        instance
    from {{ source('raw', 'qtc_legal_entity') }}
),

seen as (
    select distinct
        'legal_entity' as kind,
        legal_entity_id as value,
        source_instance as instance
    from occurring
    union all
    select distinct
        'currency' as kind,
        currency as value,
        source_instance as instance
    from occurring
)

select
    expected.kind,
    expected.value,
    expected.instance,
    seen.value is not null as seen
from expected
left join seen
    on expected.kind = seen.kind and expected.value = seen.value and expected.instance = seen.instance
