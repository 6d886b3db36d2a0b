with contribution as (
    {{- union_contributions('exchange_rate', identity_columns() + [
        'from_currency', 'to_currency', 'period', 'rate_type', 'rate', 'provenance'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} || ':' || c.rate_type as exchange_rate_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.from_currency,
    c.to_currency,
    c.period,
    c.rate_type,
    c.rate,
    c.provenance
from contribution as c
inner join {{ source('raw', 'qtc_build') }} as build on c.to_currency = build.reporting_currency
qualify
    row_number() over (
        partition by c.from_currency, c.to_currency, c.period, c.rate_type
        order by c.source_vendor nulls last, c.source_instance nulls last, c.source_id nulls last
    ) = 1
