with contribution as (
    {{- contributions('rate_card', [
        'contract_id', 'role_code', 'rate', 'currency', 'effective_from', 'effective_to', 'country'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as rate_card_id,
    {{ canonical_identity('contribution') }},
    contract.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.contract_id,
    contribution.role_code,
    contribution.rate,
    contribution.currency,
    contribution.effective_from,
    contribution.effective_to,
    contribution.country
from contribution
left join {{ ref('core_contract') }} as contract on contribution.contract_id = contract.contract_id
