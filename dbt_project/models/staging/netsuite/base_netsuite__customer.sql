{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'customer', [
    'id', 'entityid', 'companyname', 'subsidiary', 'currency', 'terms', 'custentity_sf_account',
    'isinactive', 'datecreated', 'lastmodifieddate', 'vatregnumber', 'country', 'custentity_tax_rate'
]) }}
