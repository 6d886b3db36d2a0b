select
    {{ mapped_identity('salesforce', 'Contract_Amendment__c', 'amendment') }},
    {{ record_key('amendment.source_instance', 'amendment.contract_id') }} as contract_id,
    amendment.amount,
    amendment.currency,
    coalesce(amendment.status = 'Approved', false) as is_approved,
    amendment.status,
    amendment.effective_date,
    amendment.approved_date,
    amendment.modification
from {{ ref('stg_salesforce__contract_amendment') }} as amendment
where amendment.quarantine_reason is null
