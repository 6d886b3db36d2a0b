with contribution as (
    {{- contributions('contract_amendment', [
        'contract_id', 'amount', 'currency', 'is_approved', 'status', 'effective_date', 'approved_date',
        'modification'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as contract_amendment_id,
    {{ canonical_identity('contribution') }},
    contract.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.contract_id,
    contribution.amount,
    contribution.currency,
    contribution.is_approved,
    contribution.status,
    contribution.effective_date,
    contribution.approved_date,
    contribution.modification
from contribution
left join {{ ref('core_contract') }} as contract on contribution.contract_id = contract.contract_id
