{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'timebill', [
    'id', 'employee', 'customer', 'item', 'trandate', 'hours', 'isbillable', 'approvalstatus', 'externalid',
    'custcol_billing_hold', 'custcol_written_off', 'custcol_written_off_date', 'lastmodifieddate',
    'datecreated'
]) }}
