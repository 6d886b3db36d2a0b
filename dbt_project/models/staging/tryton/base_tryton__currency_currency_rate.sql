{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'currency_currency_rate', [
    'id', 'last_modified_at', 'date', 'rate', 'currency.'
]) }}
