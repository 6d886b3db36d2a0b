{{ config(materialized='view') }}

with recorded as (
    select * from {{ ref('int_recorded_time') }}
),

records as (
    select * from {{ ref('int_margin_record') }}
    where kind in ('recognized', 'standing')
),

spending as (
    select * from {{ ref('int_spending') }}
    where is_billable
),

positions as (
    select * from {{ ref('fct_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

submitted as (
    select * from recorded
    where is_valued and is_billable and not is_approved
),

passed_on as (
    select
        spending.period as month,
        contracts.legal_entity_id,
        coalesce(contracts.region, 'unassigned') as region,
        coalesce(contracts.practice, 'unassigned') as practice,
        {{ to_reporting('spending.billable_amount', 'spending.reporting_rate') }} as amount,
        {{ source_columns('spending') }}
    from spending
    inner join contracts on spending.contract_id = contracts.contract_id
),

netted as (
    select
        positions.period as month,
        positions.legal_entity_id,
        positions.region,
        positions.practice,
        positions.unbilled_receivable_reporting as unbilled_receivable,
        positions.contract_asset_reporting as contract_asset,
        positions.contract_liability_reporting as contract_liability,
        {{ source_columns('contracts') }}
    from positions
    inner join contracts on positions.contract_id = contracts.contract_id
),

aligned as (
    select
        month,
        legal_entity_id,
        region,
        practice,
        {{ days_between(period_end('month'), 'cast(version_at as date)') }} as days,
        {{ source_columns('records') }}
    from records
    where kind = 'recognized' and version_at is not null
)

{{ parts('revenue', [
    ('records', 'revenue_recognized', 'contract_rule', 'amount_reporting', none, 'amount', none),
    ('records', 'revenue_recognized', 'with_submitted', 'amount_reporting', none, 'amount', none),
    ('submitted', 'revenue_recognized', 'with_submitted', 'value_reporting', none, 'amount', none),
    ('records', 'revenue_recognized', 'gross_of_expenses', 'amount_reporting', none, 'amount', none),
    ('passed_on', 'revenue_recognized', 'gross_of_expenses', 'amount', none, 'amount', none),
    ('netted', 'unbilled_receivable', 'netted', 'unbilled_receivable', none, 'amount', none),
    ('netted', 'contract_asset', 'netted', 'contract_asset', none, 'amount', none),
    ('netted', 'contract_liability', 'netted', 'contract_liability', none, 'amount', none),
    ('aligned', 'rev_rec_alignment_days', 'entry_median', 'days', none, 'days', none),
    ('aligned', 'rev_rec_alignment_days', 'entry_p90', 'days', none, 'days', none)
]) }}
