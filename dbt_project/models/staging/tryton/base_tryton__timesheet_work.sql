{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'timesheet_work', [
    'id', 'last_modified_at', 'name', 'origin', 'company'
]) }}
