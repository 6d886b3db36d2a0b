{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_move_reconciliation', [
    'id', 'last_modified_at', 'company', 'date'
]) }}
