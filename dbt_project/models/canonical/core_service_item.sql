with contribution as (
    {{- contributions('service_item', [
        'role_code', 'is_active'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as service_item_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.role_code,
    contribution.is_active
from contribution
