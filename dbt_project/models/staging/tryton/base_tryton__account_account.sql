{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'account_account', [
    'id', 'last_modified_at', 'code', 'name', 'company', 'type.'
]) }}
