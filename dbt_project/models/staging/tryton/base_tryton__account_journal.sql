{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_journal', [
    'id', 'last_modified_at', 'name', 'code', 'type', 'active'
]) }}
