{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('ops', 'attempt', [
    'id', 'correction_id', 'step', 'attempt_no', 'target', 'target_entity', 'record_key', 'outcome', 'code',
    'error_class', 'intent_at', 'sent_at', 'ended_at', 'updated_at'
]) }}
