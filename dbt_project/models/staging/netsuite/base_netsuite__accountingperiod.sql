{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'accountingperiod', [
    'id', 'periodname', 'startdate', 'enddate', 'closed', 'arlocked', 'alllocked', 'isyear', 'isquarter',
    'lastmodifieddate'
]) }}
