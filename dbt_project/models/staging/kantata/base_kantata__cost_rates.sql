{{ config(materialized='incremental', schema='base', on_schema_change='fail') }}

{{ base_versions('kantata', 'cost_rates', [
    'id', 'created_at', 'updated_at', 'user_id', 'amount_in_subunits', 'currency', 'effective_date'
]) }}
