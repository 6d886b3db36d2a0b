{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('tryton', 'company_company', [
    'id', 'last_modified_at', 'rec_name', 'party', 'currency.'
]) }}
