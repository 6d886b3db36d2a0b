{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'workspaces', [
    'id', 'created_at', 'updated_at', 'title', 'currency', 'price_in_cents', 'start_date', 'due_date',
    'status', 'rate_card_id', 'archived', 'stage', 'workspace_group_ids'
]) }}
