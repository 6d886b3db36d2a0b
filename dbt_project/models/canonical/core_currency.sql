with contribution as (
    {{- union_contributions('currency', identity_columns() + [
        'currency_id', 'minor_unit'
    ]) }}
)

select
    c.currency_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.minor_unit
from contribution as c
qualify
    row_number() over (
        partition by c.currency_id
        order by c.source_vendor nulls last, c.source_instance nulls last, c.source_id nulls last
    ) = 1
