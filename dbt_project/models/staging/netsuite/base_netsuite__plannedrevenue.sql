{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'plannedrevenue', [
    'id', 'revenueelement', 'postingperiod', 'amount', 'functionalamount', 'currency', 'isrecognized',
    'journal', 'lastmodifieddate'
]) }}
