{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'contract_amendment__c', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'Contract__c', 'Name', 'Amount__c',
    'CurrencyIsoCode', 'Status__c', 'Effective_Date__c', 'Approved_Date__c', 'Modification__c'
]) }}
