{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'sale_line', [
    'id', 'last_modified_at', 'sale', 'type', 'product', 'quantity', 'unit_price', 'amount'
]) }}
