{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'contract_rate__c', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'Contract__c', 'Role__c', 'Rate__c',
    'CurrencyIsoCode', 'Effective_From__c', 'Effective_To__c', 'Country__c'
]) }}
