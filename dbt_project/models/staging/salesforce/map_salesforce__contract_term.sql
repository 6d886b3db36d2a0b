select
    {{ mapped_identity('salesforce', 'ContractHistory', 'history') }},
    {{ record_key('history.source_instance', 'history.contract_id') }} as contract_id,
    case history.field
        when 'Payment_Terms__c' then 'payment_terms'
        when 'Billing_Type__c' then 'billing_type'
        when 'PO_Number__c' then 'po_number'
        else history.field
    end as field,
    history.old_value,
    history.new_value,
    history.changed_at
from {{ ref('stg_salesforce__contracthistory') }} as history
where history.quarantine_reason is null
