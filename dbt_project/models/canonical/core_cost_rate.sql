with contribution as (
    {{- union_contributions('cost_rate', identity_columns() + [
        'resource_id', 'rate', 'currency', 'effective_from'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as cost_rate_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.resource_id,
    c.rate,
    c.currency,
    c.effective_from
from contribution as c
