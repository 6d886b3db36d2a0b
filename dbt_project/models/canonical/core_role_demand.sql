with contribution as (
    {{- contributions('role_demand', [
        'contract_id', 'role_code', 'minutes', 'start_date', 'end_date'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as role_demand_id,
    {{ canonical_identity('contribution') }},
    contract.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.contract_id,
    contribution.role_code,
    contribution.minutes,
    contribution.start_date,
    contribution.end_date
from contribution
left join {{ ref('core_contract') }} as contract on contribution.contract_id = contract.contract_id
