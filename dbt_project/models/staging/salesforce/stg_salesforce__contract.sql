with latest as (
    {{ latest_version(ref('base_salesforce__contract')) }}
)

select
    {{ staged_identity() }},
    accountid as account_id,
    opportunity__c as opportunity_id,
    contractnumber as contract_number,
    status,
    {{ to_date('customersigneddate') }} as signed_date,
    {{ to_date('startdate') }} as start_date,
    {{ to_date('enddate') }} as end_date,
    {{ to_money('contract_value__c') }} as signed_value,
    currencyisocode as currency,
    billing_type__c as billing_type,
    recognition_rule__c as recognition_rule,
    payment_terms__c as payment_terms,
    {{ to_boolean('po_required__c') }} as is_po_required,
    po_number__c as po_number,
    {{ to_money('cap_amount__c') }} as cap_amount,
    {{ to_date('closed_date__c') }} as closed_date,
    {{ to_money('debooked_amount__c') }} as debooked_amount,
    {{ to_money('planned_cost__c') }} as planned_cost,
    legal_entity__c as legal_entity_key,
    {{ quarantine_reason(
        dates=['customersigneddate', 'startdate', 'enddate', 'closed_date__c'],
        money=['contract_value__c', 'cap_amount__c', 'debooked_amount__c', 'planned_cost__c'],
        booleans=['po_required__c']
    ) }} as quarantine_reason
from latest
