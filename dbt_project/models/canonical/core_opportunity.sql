with contribution as (
    {{- union_contributions('opportunity', identity_columns() + [
        'customer_id', 'name', 'stage', 'is_won', 'amount', 'currency', 'close_date', 'region', 'practice',
        'legal_entity_id', 'parent_opportunity_id'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as opportunity_id,
    {{ canonical_identity('c') }},
    {{ qtc_id('c.source_instance', 'coalesce(grandparent.source_id, parent.source_id, c.source_id)') }} as qtc_id,
    {{ canonical_version('c') }},
    c.customer_id,
    c.name,
    c.stage,
    c.is_won,
    c.amount,
    c.currency,
    c.close_date,
    c.region,
    c.practice,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    c.parent_opportunity_id
from contribution as c
left join contribution as parent
    on c.parent_opportunity_id = {{ record_key('parent.source_instance', 'parent.source_id') }}
left join contribution as grandparent
    on parent.parent_opportunity_id = {{ record_key('grandparent.source_instance', 'grandparent.source_id') }}
