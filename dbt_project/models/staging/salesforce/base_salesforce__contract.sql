{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'contract', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'AccountId', 'Opportunity__c', 'ContractNumber',
    'Status', 'CustomerSignedDate', 'StartDate', 'EndDate', 'Contract_Value__c', 'CurrencyIsoCode',
    'Billing_Type__c', 'Recognition_Rule__c', 'Payment_Terms__c', 'PO_Required__c', 'PO_Number__c',
    'Cap_Amount__c', 'Closed_Date__c', 'Debooked_Amount__c', 'Planned_Cost__c', 'Legal_Entity__c',
    'Tax_Code__c', 'PO_Amount__c', 'Discount_Percent__c', 'Expense_Markup_Percent__c', 'Hold_From__c',
    'Revenue_Judgement__c'
]) }}
