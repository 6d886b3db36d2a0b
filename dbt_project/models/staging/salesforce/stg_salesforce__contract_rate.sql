with latest as (
    {{ latest_version(ref('base_salesforce__contract_rate')) }}
)

select
    {{ staged_identity() }},
    contract__c as contract_id,
    role__c as role_code,
    {{ to_rate('rate__c') }} as rate,
    currencyisocode as currency,
    country__c as country,
    {{ to_date('effective_from__c') }} as effective_from,
    {{ to_date('effective_to__c') }} as effective_to,
    {{ quarantine_reason(rates=['rate__c'], dates=['effective_from__c', 'effective_to__c']) }} as quarantine_reason
from latest
