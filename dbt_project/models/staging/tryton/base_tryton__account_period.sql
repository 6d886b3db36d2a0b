{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_period', [
    'id', 'last_modified_at', 'name', 'company', 'fiscalyear', 'type', 'start_date', 'end_date',
    'state'
]) }}
