{{ config(materialized='view') }}

with build as (
    select * from {{ ref('int_build') }}
),

items as (
    select * from {{ ref('int_leakage_item') }}
),

margin_records as (
    select * from {{ ref('int_margin_record') }}
),

breaks as (
    select * from {{ ref('rec_break') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

recorded as (
    select * from {{ ref('int_recorded_time') }}
),

documents as (
    select * from {{ ref('int_issued_invoice') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

leaked as (
    select
        build.as_of_period as month,
        items.*
    from items
    cross join build
),

billed as (
    select
        build.as_of_period as month,
        margin_records.legal_entity_id,
        margin_records.region,
        margin_records.practice,
        margin_records.amount_reporting as amount,
        {{ source_columns('margin_records') }}
    from margin_records
    cross join build
    where
        margin_records.kind = 'billed'
        and margin_records.month <= build.as_of_period
        and margin_records.month
        > cast(cast(substr(build.as_of_period, 1, 4) as integer) - 1 as {{ dbt.type_string() }}) || substr(build.as_of_period, 5)
),

found as (
    select
        build.as_of_period as month,
        breaks.legal_entity_id,
        coalesce(breaks.region, 'unassigned') as region,
        breaks.practice,
        breaks.workflow_stage,
        'qtc' as source_vendor,
        'qtc' as source_instance,
        'exception' as source_entity,
        breaks.exception_id as source_id,
        cast(null as timestamp) as version_at,
        cast(null as {{ dbt.type_string() }}) as source_load_id
    from breaks
    cross join build
),

contract_record as (
    select
        build.as_of_period as month,
        positions.legal_entity_id,
        positions.region,
        positions.practice,
        {{ source_columns('contracts') }}
    from positions
    inner join contracts on positions.contract_id = contracts.contract_id
    cross join build
),

time_record as (
    select
        build.as_of_period as month,
        recorded.legal_entity_id,
        recorded.region,
        recorded.practice,
        {{ source_columns('recorded') }}
    from recorded
    cross join build
),

document_record as (
    select
        build.as_of_period as month,
        documents.legal_entity_id,
        documents.region,
        documents.practice,
        {{ source_columns('documents') }}
    from documents
    cross join build
),

payment_record as (
    select
        build.as_of_period as month,
        payments.legal_entity_id,
        'unassigned' as region,
        'unassigned' as practice,
        {{ source_columns('payments') }}
    from payments
    cross join build
),

revenue_record as (
    select
        build.as_of_period as month,
        margin_records.legal_entity_id,
        margin_records.region,
        margin_records.practice,
        {{ source_columns('margin_records') }}
    from margin_records
    cross join build
    where margin_records.kind = 'recognized'
)

{%- set branches = [('leaked', 'revenue_leakage', 'share_of_billed_12m', 'amount', '0', 'ratio', none)] %}
{%- do branches.append(('billed', 'revenue_leakage', 'share_of_billed_12m', '0', 'amount', 'ratio', none)) %}
{%- for group in ['time', 'contracts', 'rates', 'expenses', 'milestones', 'terms'] %}
{%- set of_group = "rule_group = '" ~ group ~ "'" %}
{%- do branches.append(('leaked', 'revenue_leakage', group, 'amount', none, 'amount', of_group)) %}
{%- endfor %}
{%- set records_of = {
    'contract': 'contract_record', 'activation': 'contract_record', 'delivery': 'time_record', 'billing': 'document_record',
    'cash': 'payment_record', 'revenue': 'revenue_record'
} %}
{%- for stage, records in records_of.items() %}
{%- set of_stage = "workflow_stage = '" ~ stage ~ "'" %}
{%- do branches.append(('found', 'exception_rate', stage, '1', '0', 'per_mille', of_stage)) %}
{%- do branches.append((records, 'exception_rate', stage, '0', '0.001', 'per_mille', none)) %}
{%- endfor %}

{{ parts('exceptions', branches) }}
