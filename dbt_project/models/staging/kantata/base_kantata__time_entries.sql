{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'time_entries', [
    'id', 'created_at', 'updated_at', 'workspace_id', 'user_id', 'role_id', 'date_performed',
    'time_in_minutes', 'billable', 'approved', 'rate_in_cents', 'cost_rate_in_cents', 'currency',
    'currency_base_unit', 'is_invoiced', 'invoice_id', 'notes', 'utilization_credit'
]) }}
