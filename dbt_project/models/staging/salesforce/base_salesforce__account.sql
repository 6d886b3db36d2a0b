{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'account', [
    'Id', 'IsDeleted', 'CreatedDate', 'SystemModstamp', 'Name', 'BillingCountry', 'Region__c',
    'Legal_Entity__c', 'CurrencyIsoCode', 'Payment_Terms__c', 'Tax_Number__c'
]) }}
