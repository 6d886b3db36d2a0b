{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('ops', 'correction', [
    'id', 'kind', 'state', 'exception_id', 'occurrence', 'generation', 'break_class', 'leg', 'policy',
    'exposure', 'owner_role', 'legal_entity_id', 'region', 'qtc_id', 'build_id', 'superseded_by', 'instances',
    'steps', 'steps_done', 'created_at', 'updated_at', 'approved_at', 'applied_at', 'confirmed_at',
    'resolved_at', 'defect_seen_at', 'planned_as_of', 'repaired_as_of'
]) }}
