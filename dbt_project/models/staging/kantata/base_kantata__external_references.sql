{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'external_references', [
    'id', 'created_at', 'updated_at', 'service_name', 'service_model', 'service_model_ref', 'subject_type',
    'subject_id', 'status'
]) }}
