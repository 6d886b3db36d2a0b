with contribution as (
    {{- union_contributions('gl_account', identity_columns() + [
        'number', 'account_type', 'name'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as gl_account_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.number,
    c.account_type,
    c.name
from contribution as c
