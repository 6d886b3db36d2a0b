{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'project_work', [
    'id', 'last_modified_at', 'name', 'number', 'type', 'company', 'party', 'parent', 'path',
    'origin', 'comment', 'product', 'list_price', 'project_invoice_method', 'progress', 'status.',
    'invoice_line'
]) }}
