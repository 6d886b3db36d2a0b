{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'expenses', [
    'id', 'created_at', 'updated_at', 'workspace_id', 'user_id', 'date', 'amount_in_cents', 'currency',
    'category', 'billable', 'approved', 'cost_center', 'vendor_name'
]) }}
