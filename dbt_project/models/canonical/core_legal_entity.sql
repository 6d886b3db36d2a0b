with configured as (
    select
        legal_entity_id,
        min(name) as name,
        min(currency) as functional_currency
    from {{ source('raw', 'qtc_legal_entity') }}
    group by legal_entity_id
)

select
    legal_entity_id,
    'qtc' as source_vendor,
    'qtc' as source_instance,
    'legal_entity' as source_entity,
    legal_entity_id as source_id,
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    cast(null as timestamp) as version_at,
    cast(null as timestamp) as loaded_at,
    cast(null as {{ dbt.type_string() }}) as source_load_id,
    name,
    functional_currency
from configured
