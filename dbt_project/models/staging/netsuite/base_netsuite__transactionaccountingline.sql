{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('netsuite', 'transactionaccountingline', [
    'transaction', 'transactionline', 'accountingbook', 'account', 'debit', 'credit', 'amount', 'posting',
    'lastmodifieddate'
]) }}
