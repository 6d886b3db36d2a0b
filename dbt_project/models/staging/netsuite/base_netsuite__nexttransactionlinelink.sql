{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'nexttransactionlinelink', [
    'previousdoc', 'previousline', 'nextdoc', 'nextline', 'linktype', 'foreignamount', 'lastmodifieddate'
]) }}
