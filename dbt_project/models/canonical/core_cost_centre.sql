with contribution as (
    {{- contributions('cost_centre', [
        'code', 'is_active'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as cost_centre_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.code,
    contribution.is_active
from contribution
