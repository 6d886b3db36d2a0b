with contribution as (
    {{- contributions('currency', [
        'currency_id', 'minor_unit'
    ]) }}
)

select
    contribution.currency_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.minor_unit
from contribution
qualify
    row_number() over (
        partition by contribution.currency_id
        order by contribution.source_vendor nulls last, contribution.source_instance nulls last, contribution.source_id nulls last
    ) = 1
