{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('salesforce', 'contracthistory', [
    'Id', 'IsDeleted', 'CreatedDate', 'ContractId', 'Field', 'OldValue', 'NewValue'
]) }}
