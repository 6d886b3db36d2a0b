with contribution as (
    {{- union_contributions('time_off', identity_columns() + [
        'resource_id', 'off_date', 'minutes'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as time_off_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.resource_id,
    c.off_date,
    c.minutes
from contribution as c
