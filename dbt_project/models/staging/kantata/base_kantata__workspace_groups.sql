{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'workspace_groups', [
    'id', 'created_at', 'updated_at', 'name'
]) }}
