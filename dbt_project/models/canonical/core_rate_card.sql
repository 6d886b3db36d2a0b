with contribution as (
    {{- union_contributions('rate_card', identity_columns() + [
        'contract_id', 'role_code', 'rate', 'currency', 'effective_from', 'effective_to'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as rate_card_id,
    {{ canonical_identity('c') }},
    contract.qtc_id,
    {{ canonical_version('c') }},
    c.contract_id,
    c.role_code,
    c.rate,
    c.currency,
    c.effective_from,
    c.effective_to
from contribution as c
left join {{ ref('core_contract') }} as contract on c.contract_id = contract.contract_id
