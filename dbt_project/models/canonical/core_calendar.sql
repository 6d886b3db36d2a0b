with contribution as (
    {{- contributions('calendar', [
        'legal_entity_id', 'holiday_date', 'name'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as calendar_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.holiday_date,
    contribution.name
from contribution
