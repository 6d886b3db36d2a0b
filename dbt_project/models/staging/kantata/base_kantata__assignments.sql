{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'assignments', [
    'id', 'created_at', 'updated_at', 'workspace_id', 'user_id', 'role_id', 'estimated_minutes',
    'start_date', 'end_date'
]) }}
