{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'consolidatedexchangerate', [
    'id', 'postingperiod', 'fromcurrency', 'tocurrency', 'averagerate', 'currentrate', 'historicalrate',
    'lastmodifieddate'
]) }}
