with contribution as (
    {{- contributions('contract_term', [
        'contract_id', 'field', 'old_value', 'new_value', 'changed_at'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as contract_term_id,
    {{ canonical_identity('contribution') }},
    contract.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.contract_id,
    contribution.field,
    contribution.old_value,
    contribution.new_value,
    contribution.changed_at
from contribution
left join {{ ref('core_contract') }} as contract on contribution.contract_id = contract.contract_id
