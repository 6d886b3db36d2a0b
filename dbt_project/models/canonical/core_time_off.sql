with contribution as (
    {{- contributions('time_off', [
        'resource_id', 'off_date', 'minutes'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as time_off_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.resource_id,
    contribution.off_date,
    contribution.minutes
from contribution
