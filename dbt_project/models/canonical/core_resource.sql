with contribution as (
    {{- contributions('resource', [
        'name', 'role_code', 'legal_entity_id', 'weekly_minutes', 'country', 'created_at'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as resource_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.name,
    contribution.role_code,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.weekly_minutes,
    contribution.country,
    contribution.created_at
from contribution
