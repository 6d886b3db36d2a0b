with contribution as (
    {{- contributions('exchange_rate', [
        'from_currency', 'to_currency', 'period', 'rate_type', 'rate', 'provenance'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} || ':' || contribution.rate_type as exchange_rate_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.from_currency,
    contribution.to_currency,
    contribution.period,
    contribution.rate_type,
    contribution.rate,
    contribution.provenance
from contribution
inner join {{ source('raw', 'qtc_build') }} as build on contribution.to_currency = build.reporting_currency
qualify
    row_number() over (
        partition by contribution.from_currency, contribution.to_currency, contribution.period, contribution.rate_type
        order by contribution.source_vendor nulls last, contribution.source_instance nulls last, contribution.source_id nulls last
    ) = 1
