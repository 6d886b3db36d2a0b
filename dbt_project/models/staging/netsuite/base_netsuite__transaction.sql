{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'transaction', [
    'id', 'tranid', 'type', 'status', 'trandate', 'duedate', 'postingperiod', 'entity', 'custbody_job',
    'currency', 'exchangerate', 'foreigntotal', 'foreigntaxtotal', 'posting', 'voided', 'terms',
    'otherrefnum', 'custbody_qtc_id', 'createdfrom', 'createddate', 'lastmodifieddate'
]) }}
