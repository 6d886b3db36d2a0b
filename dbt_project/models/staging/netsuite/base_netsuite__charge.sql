{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'charge', [
    'id', 'job', 'chargedate', 'amount', 'currency', 'chargetype', 'externalid', 'stage',
    'custcol_written_off', 'custcol_written_off_date', 'datecreated', 'lastmodifieddate'
]) }}
