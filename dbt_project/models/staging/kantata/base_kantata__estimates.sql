{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'estimates', [
    'id', 'created_at', 'updated_at', 'workspace_id', 'version', 'as_of_date', 'planned_cost_in_cents',
    'etc_cost_in_cents', 'currency'
]) }}
