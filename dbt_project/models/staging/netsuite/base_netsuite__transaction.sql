{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'transaction', [
    'id', 'tranid', 'type', 'status', 'trandate', 'duedate', 'postingperiod', 'entity', 'custbody_job',
    'currency', 'exchangerate', 'foreigntotal', 'foreigntaxtotal', 'posting', 'voided', 'terms',
    'otherrefnum', 'custbody_qtc_id', 'createdfrom', 'createddate', 'lastmodifieddate', 'createdby',
    'custbody_credit_reason', 'custbody_disputed', 'custbody_dispute_opened', 'custbody_dispute_closed',
    'custbody_dispute_reason', 'reversal'
]) }}
