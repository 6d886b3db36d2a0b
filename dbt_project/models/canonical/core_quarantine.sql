with contribution as (
    {{- union_contributions('quarantine', [
        'source_vendor', 'source_instance', 'source_entity', 'source_id', 'reason', 'currency', 'record_date',
        'amount', 'minutes'
    ]) }}
)

select
    c.source_vendor,
    c.source_instance,
    c.source_entity,
    c.source_id,
    c.reason,
    c.currency,
    c.record_date,
    c.amount,
    c.minutes
from contribution as c
