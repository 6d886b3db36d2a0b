with contribution as (
    {{- contributions('opportunity', [
        'customer_id', 'name', 'stage', 'is_won', 'amount', 'currency', 'close_date', 'region', 'practice',
        'legal_entity_id', 'parent_opportunity_id'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as opportunity_id,
    {{ canonical_identity('contribution') }},
    {{ qtc_id('contribution.source_instance', 'coalesce(grandparent.source_id, parent.source_id, contribution.source_id)') }} as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.customer_id,
    contribution.name,
    contribution.stage,
    contribution.is_won,
    contribution.amount,
    contribution.currency,
    contribution.close_date,
    contribution.region,
    contribution.practice,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.parent_opportunity_id
from contribution
left join contribution as parent
    on contribution.parent_opportunity_id = {{ record_key('parent.source_instance', 'parent.source_id') }}
left join contribution as grandparent
    on parent.parent_opportunity_id = {{ record_key('grandparent.source_instance', 'grandparent.source_id') }}
