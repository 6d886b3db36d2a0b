with latest as (
    {{ latest_version(ref('base_salesforce__contract_role_demand')) }}
)

select
    {{ staged_identity() }},
    contract__c as contract_id,
    role__c as role_code,
    {{ to_integer('sold_minutes__c') }} as minutes,
    {{ to_date('start_date__c') }} as start_date,
    {{ to_date('end_date__c') }} as end_date,
    {{ quarantine_reason(integers=['sold_minutes__c'], dates=['start_date__c', 'end_date__c']) }} as quarantine_reason
from latest
