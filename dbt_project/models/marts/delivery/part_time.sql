{{ config(materialized='view') }}

with build as (
    select * from {{ ref('int_build') }}
),

recorded as (
    select * from {{ ref('int_recorded_time') }}
),

unbilled as (
    select * from {{ ref('fct_unbilled_time') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
    where source_type = 'time'
),

positions as (
    select * from {{ ref('int_contract_position') }}
    where billing_type = 'time_and_materials'
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

open_time as (
    select
        build.as_of_period as month,
        unbilled.legal_entity_id,
        unbilled.region,
        unbilled.practice,
        unbilled.state,
        unbilled.age_bucket,
        unbilled.unbilled_amount_reporting as within_cap,
        unbilled.over_cap_amount_reporting as over_cap,
        {{ source_columns('recorded') }}
    from unbilled
    cross join build
    inner join recorded on unbilled.time_entry_id = recorded.time_entry_id
),

valued as (
    select * from recorded
    where is_valued
),

charged as (
    select * from recorded
    where is_time_and_materials and is_billable
),

client_time as (
    select * from recorded
    where contract_id is not null
),

decided as (
    select
        {{ period_of('approved_date') }} as month,
        legal_entity_id,
        region,
        practice,
        {{ days_between('submitted_date', 'approved_date') }} as days,
        {{ source_columns('client_time') }}
    from client_time
    where is_approved and submitted_date is not null and approved_date is not null
),

-- what is billed of an entry counts in the month of its work, what a document bills in the month of its issue
time_line as (
    select
        {{ period_of('documents.issue_date') }} as issue_month,
        positions.contract_id as document_contract_id,
        positions.legal_entity_id,
        positions.region,
        positions.practice,
        documents.document_type,
        documents.issue_date,
        documents.currency,
        lines.source_item_id,
        lines.net_amount,
        coalesce(lines.minutes, 0) as minutes,
        {{ source_columns('lines') }}
    from lines
    inner join documents on lines.invoice_id = documents.invoice_id
    cross join build
    left join positions on documents.contract_id = positions.contract_id
    where documents.period <= build.as_of_period and documents.document_type in ('invoice', 'credit_memo')
),

cohort_line as (
    select
        recorded.month,
        recorded.legal_entity_id,
        recorded.region,
        recorded.practice,
        recorded.is_billable,
        recorded.is_valued,
        {{ to_reporting('time_line.net_amount', 'rates.rate') }} as amount,
        time_line.minutes,
        time_line.document_type,
        time_line.issue_month,
        {{ days_between('recorded.work_date', 'time_line.issue_date') }} as days,
        {{ source_columns('time_line') }}
    from time_line
    inner join recorded on time_line.source_item_id = recorded.time_entry_id
    left join rates on time_line.currency = rates.currency and recorded.month = rates.period
    where recorded.is_time_and_materials
),

issued_line as (
    select
        time_line.issue_month as month,
        time_line.legal_entity_id,
        time_line.region,
        time_line.practice,
        {{ to_reporting('time_line.net_amount', 'rates.rate') }} as amount,
        {{ source_columns('time_line') }}
    from time_line
    left join rates on time_line.currency = rates.currency and time_line.issue_month = rates.period
    where time_line.document_contract_id is not null
),

invoiced_line as (
    select
        issue_month as month,
        legal_entity_id,
        region,
        practice,
        days,
        {{ source_columns('cohort_line') }}
    from cohort_line
    where document_type = 'invoice'
)

{{ parts('unbilled_time', [
    ('open_time', 'unbilled_time', 'within_cap', 'within_cap', none, 'amount', none),
    ('open_time', 'unbilled_time', 'ready', "case when state = 'ready' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'on_hold', "case when state = 'on_hold' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'on_draft', "case when state = 'on_draft' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'blocked', "case when state = 'blocked' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'over_cap', 'over_cap', none, 'amount', none),
    ('open_time', 'unbilled_time', 'age_0_30', "case when age_bucket = '0-30' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'age_31_60', "case when age_bucket = '31-60' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'age_61_90', "case when age_bucket = '61-90' then within_cap else 0 end", none, 'amount', none),
    ('open_time', 'unbilled_time', 'age_over_90', "case when age_bucket = '90+' then within_cap else 0 end", none, 'amount', none),
    (
        'open_time', 'invoice_readiness', 'ready_share',
        "case when state = 'ready' then within_cap else 0 end", 'within_cap', 'ratio', none
    ),
    ('valued', 'realization_billed_amount', 'cohort', '0', 'value_reporting', 'ratio', none),
    ('cohort_line', 'realization_billed_amount', 'cohort', 'amount', '0', 'ratio', 'is_valued'),
    ('valued', 'realization_billed_amount', 'period', '0', 'value_reporting', 'ratio', none),
    ('issued_line', 'realization_billed_amount', 'period', 'amount', '0', 'ratio', none),
    ('charged', 'realization_billed_hours', 'cohort', '0', 'minutes', 'ratio', none),
    ('cohort_line', 'realization_billed_hours', 'cohort', 'minutes', '0', 'ratio', none),
    ('invoiced_line', 'billing_cycle_time', 'time_median', 'days', none, 'days', none),
    ('invoiced_line', 'billing_cycle_time', 'time_p90', 'days', none, 'days', none),
    ('decided', 'approval_lag', 'time_median', 'days', none, 'days', none),
    ('decided', 'approval_lag', 'time_p90', 'days', none, 'days', none)
]) }}
