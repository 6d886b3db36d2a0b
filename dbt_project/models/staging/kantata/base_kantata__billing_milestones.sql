{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'billing_milestones', [
    'id', 'created_at', 'updated_at', 'workspace_id', 'title', 'amount_in_cents', 'currency', 'due_date',
    'status', 'accepted_date'
]) }}
