{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_move', [
    'id', 'last_modified_at', 'number', 'company', 'date', 'period', 'journal', 'origin', 'state'
]) }}
