{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'opportunity', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'AccountId', 'Name', 'StageName', 'Amount',
    'CurrencyIsoCode', 'CloseDate', 'IsWon', 'IsClosed', 'Region__c', 'Practice__c', 'Legal_Entity__c',
    'Parent_Opportunity__c', 'OwnerId'
]) }}
