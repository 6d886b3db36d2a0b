{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'party_party', [
    'id', 'last_modified_at', 'name', 'code', 'active'
]) }}
