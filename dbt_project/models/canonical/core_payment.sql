with contribution as (
    {{- contributions('payment', [
        'customer_id', 'legal_entity_id', 'currency', 'exchange_rate', 'payment_date', 'posting_period',
        'amount', 'document_type', 'is_void', 'reversed_payment_id'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as payment_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.customer_id,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.currency,
    contribution.exchange_rate,
    contribution.payment_date,
    contribution.posting_period,
    contribution.amount,
    contribution.document_type,
    contribution.is_void,
    contribution.reversed_payment_id
from contribution
