{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_fiscalyear', [
    'id', 'last_modified_at', 'name', 'company', 'start_date', 'end_date', 'state'
]) }}
