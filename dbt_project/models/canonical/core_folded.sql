with contribution as (
    {{- union_contributions('folded', [
        'source_vendor', 'source_instance', 'source_entity', 'source_id', 'reason', 'currency', 'record_date',
        'amount', 'minutes'
    ]) }}
)

select
    contribution.source_vendor,
    contribution.source_instance,
    contribution.source_entity,
    contribution.source_id,
    contribution.reason,
    contribution.currency,
    contribution.record_date,
    contribution.amount,
    contribution.minutes
from contribution
