{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'contract_role_demand__c', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'Contract__c', 'Role__c', 'Sold_Minutes__c',
    'Start_Date__c', 'End_Date__c'
]) }}
