with contribution as (
    {{- union_contributions('resource', identity_columns() + [
        'name', 'role_code', 'legal_entity_id', 'weekly_minutes'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as resource_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.name,
    c.role_code,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    c.weekly_minutes
from contribution as c
