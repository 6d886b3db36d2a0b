{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'company_employee_cost_price', [
    'id', 'last_modified_at', 'employee', 'date', 'cost_price'
]) }}
