with contribution as (
    {{- union_contributions('payment', identity_columns() + [
        'customer_id', 'legal_entity_id', 'currency', 'exchange_rate', 'payment_date', 'posting_period',
        'amount'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as payment_id,
    {{ canonical_identity('c') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('c') }},
    c.customer_id,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    c.currency,
    c.exchange_rate,
    c.payment_date,
    c.posting_period,
    c.amount
from contribution as c
