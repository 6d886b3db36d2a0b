with contribution as (
    {{- union_contributions('customer', identity_columns() + [
        'system_role', 'name', 'legal_entity_id', 'currency', 'country'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as customer_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.system_role,
    c.name,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    c.currency,
    c.country
from contribution as c
