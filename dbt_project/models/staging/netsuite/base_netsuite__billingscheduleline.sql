{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'billingscheduleline', [
    'id', 'job', 'scheduleddate', 'amount', 'currency', 'billed', 'lastmodifieddate'
]) }}
