select
    {{ mapped_identity('salesforce', 'Contract_Rate__c', 'contract_rate') }},
    {{ record_key('contract_rate.source_instance', 'contract_rate.contract_id') }} as contract_id,
    contract_rate.role_code,
    contract_rate.rate,
    contract_rate.currency,
    contract_rate.effective_from,
    contract_rate.effective_to,
    contract_rate.country
from {{ ref('stg_salesforce__contract_rate') }} as contract_rate
where contract_rate.quarantine_reason is null
