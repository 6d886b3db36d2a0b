with contribution as (
    {{- union_contributions('accounting_period', identity_columns() + [
        'legal_entity_id', 'period', 'start_date', 'end_date', 'is_closed'
    ]) }}
)

select
    c.legal_entity_id || ':' || c.period as accounting_period_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.legal_entity_id,
    c.period,
    c.start_date,
    c.end_date,
    c.is_closed
from contribution as c
where c.legal_entity_id is not null and c.period is not null
qualify
    row_number() over (
        partition by c.legal_entity_id, c.period
        order by c.source_vendor nulls last, c.source_instance nulls last, c.source_id nulls last
    ) = 1
