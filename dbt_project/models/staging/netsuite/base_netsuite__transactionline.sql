{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'transactionline', [
    'uniquekey', 'transaction', 'linesequencenumber', 'mainline', 'taxline', 'item', 'subsidiary',
    'foreignamount', 'quantity', 'rate', 'memo', 'custcol_source_type', 'custcol_source_id',
    'custcol_minutes', 'linelastmodifieddate', 'custcol_job'
]) }}
