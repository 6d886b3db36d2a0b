with contribution as (
    {{- contributions('accounting_period', [
        'legal_entity_id', 'period', 'start_date', 'end_date', 'is_closed'
    ]) }}
)

select
    contribution.legal_entity_id || ':' || contribution.period as accounting_period_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.legal_entity_id,
    contribution.period,
    contribution.start_date,
    contribution.end_date,
    contribution.is_closed
from contribution
where contribution.legal_entity_id is not null and contribution.period is not null
qualify
    row_number() over (
        partition by contribution.legal_entity_id, contribution.period
        order by contribution.source_vendor nulls last, contribution.source_instance nulls last, contribution.source_id nulls last
    ) = 1
