{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'holidays', [
    'id', 'created_at', 'updated_at', 'title', 'date', 'workspace_group_id'
]) }}
