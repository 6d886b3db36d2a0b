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
    tax_code__c as tax_code,
    {{ to_money('po_amount__c') }} as po_amount,
    {{ to_rate('discount_percent__c') }} as discount_percent,
    {{ to_rate('expense_markup_percent__c') }} as expense_markup_percent,
    {{ to_date('hold_from__c') }} as hold_from,
    {{ to_money('revenue_judgement__c') }} as revenue_judgement,
    {{ quarantine_reason(
        dates=['customersigneddate', 'startdate', 'enddate', 'closed_date__c', 'hold_from__c'],
        money=[
            'contract_value__c', 'cap_amount__c', 'debooked_amount__c', 'planned_cost__c', 'po_amount__c',
            'revenue_judgement__c'
        ],
        rates=['discount_percent__c', 'expense_markup_percent__c'],
        booleans=['po_required__c']
    ) }} as quarantine_reason
from latest
