with contribution as (
    {{- union_contributions('service_item', identity_columns() + [
        'role_code', 'is_active'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as service_item_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.role_code,
    c.is_active
from contribution as c
