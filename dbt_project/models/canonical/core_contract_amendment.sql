with contribution as (
    {{- union_contributions('contract_amendment', identity_columns() + [
        'contract_id', 'amount', 'currency', 'is_approved', 'status', 'effective_date', 'approved_date'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as contract_amendment_id,
    {{ canonical_identity('c') }},
    contract.qtc_id,
    {{ canonical_version('c') }},
    c.contract_id,
    c.amount,
    c.currency,
    c.is_approved,
    c.status,
    c.effective_date,
    c.approved_date
from contribution as c
left join {{ ref('core_contract') }} as contract on c.contract_id = contract.contract_id
