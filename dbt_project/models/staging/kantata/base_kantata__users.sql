{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'users', [
    'id', 'created_at', 'updated_at', 'full_name', 'email_address', 'role_id', 'workspace_group_id',
    'weekly_minutes', 'country'
]) }}
