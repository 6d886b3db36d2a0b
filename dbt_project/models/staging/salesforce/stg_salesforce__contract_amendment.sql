with latest as (
    {{ latest_version(ref('base_salesforce__contract_amendment')) }}
)

select
    {{ staged_identity() }},
    contract__c as contract_id,
    name,
    {{ to_money('amount__c') }} as amount,
    currencyisocode as currency,
    status__c as status,
    modification__c as modification,
    {{ to_date('effective_date__c') }} as effective_date,
    {{ to_date('approved_date__c') }} as approved_date,
    {{ quarantine_reason(money=['amount__c'], dates=['effective_date__c', 'approved_date__c']) }} as quarantine_reason
from latest
