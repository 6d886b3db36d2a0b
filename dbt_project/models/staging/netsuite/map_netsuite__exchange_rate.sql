with consolidated as (
    select
        rate.source_instance,
        rate.source_id,
        rate.version_at,
        rate.loaded_at,
        rate.source_load_id,
        from_currency.currency_code as from_currency,
        to_currency.currency_code as to_currency,
        {{ period_of('period.start_date') }} as period,
        rate.average_rate,
        rate.closing_rate
    from {{ ref('stg_netsuite__consolidatedexchangerate') }} as rate
    inner join {{ ref('stg_netsuite__currency') }} as from_currency
        on rate.source_instance = from_currency.source_instance and rate.from_currency_id = from_currency.source_id
    inner join {{ ref('stg_netsuite__currency') }} as to_currency
        on rate.source_instance = to_currency.source_instance and rate.to_currency_id = to_currency.source_id
    inner join {{ ref('stg_netsuite__accountingperiod') }} as period
        on rate.source_instance = period.source_instance and rate.posting_period_id = period.source_id
    where rate.quarantine_reason is null
)

select
    {{ mapped_identity('netsuite', 'consolidatedexchangerate', 'consolidated') }},
    consolidated.from_currency,
    consolidated.to_currency,
    consolidated.period,
    'average' as rate_type,
    consolidated.average_rate as rate,
    'consolidated average rate of ' || consolidated.source_instance || ', record ' || consolidated.source_id as provenance
from consolidated
where consolidated.average_rate is not null
union all
select
    {{ mapped_identity('netsuite', 'consolidatedexchangerate', 'consolidated') }},
    consolidated.from_currency,
    consolidated.to_currency,
    consolidated.period,
    'closing' as rate_type,
    consolidated.closing_rate as rate,
    'consolidated current rate of ' || consolidated.source_instance || ', record ' || consolidated.source_id as provenance
from consolidated
where consolidated.closing_rate is not null
