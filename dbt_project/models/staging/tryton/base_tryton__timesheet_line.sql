{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'timesheet_line', [
    'id', 'last_modified_at', 'company', 'employee', 'date', 'work', 'duration', 'cost_price',
    'invoice_line', 'description'
]) }}
