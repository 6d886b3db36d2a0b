with contribution as (
    {{- contributions('cost_rate', [
        'resource_id', 'rate', 'currency', 'effective_from'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as cost_rate_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.resource_id,
    contribution.rate,
    contribution.currency,
    contribution.effective_from
from contribution
