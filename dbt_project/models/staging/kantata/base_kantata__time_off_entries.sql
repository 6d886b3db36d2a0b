{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'time_off_entries', [
    'id', 'created_at', 'updated_at', 'user_id', 'date', 'minutes'
]) }}
