{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'job', [
    'id', 'entityid', 'companyname', 'parent', 'subsidiary', 'currency', 'jobprice', 'jobbillingtype',
    'custentity_sf_opportunity', 'custentity_psa_workspace', 'entitystatus', 'isinactive', 'datecreated',
    'lastmodifieddate'
]) }}
