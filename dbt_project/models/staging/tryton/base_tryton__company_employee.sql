{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'company_employee', [
    'id', 'last_modified_at', 'rec_name', 'company', 'party', 'start_date', 'end_date', 'active'
]) }}
