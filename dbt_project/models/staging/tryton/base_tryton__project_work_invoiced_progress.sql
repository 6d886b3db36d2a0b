{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'project_work_invoiced_progress', [
    'id', 'last_modified_at', 'work', 'progress', 'invoice_line'
]) }}
