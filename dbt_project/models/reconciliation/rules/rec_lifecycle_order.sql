with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id = 'lifecycle_order' and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type = 'invoice'
),

projects as (
    select * from {{ ref('core_project') }}
),

entries as (
    select entries.*
    from {{ ref('core_time_entry') }} as entries
    cross join leg
    where entries.system_role = 'psa' and entries.is_approved and entries.work_date <= leg.as_of_date
),

milestones as (
    select * from {{ ref('core_milestone') }}
),

revenue as (
    select revenue.*
    from {{ ref('core_revenue_entry') }} as revenue
    cross join leg
    where revenue.is_recognized and revenue.period <= leg.as_of_period
),

payments as (
    select * from {{ ref('core_payment') }}
),

applications as (
    select * from {{ ref('core_payment_application') }}
),

billed_early as (
    select
        documents.contract_id,
        min(documents.invoice_id) as ref,
        min(documents.issue_date) as event_on,
        sum(case when documents.currency = positions.currency then documents.net_amount end) as amount
    from documents
    inner join positions on documents.contract_id = positions.contract_id
    where documents.issue_date < positions.signed_date
    group by documents.contract_id
),

worked_early as (
    select
        entries.contract_id,
        min(entries.time_entry_id) as ref,
        min(entries.work_date) as event_on,
        sum(entries.contract_value) as amount
    from entries
    inner join projects on entries.project_id = projects.project_id
    where entries.contract_id is not null and entries.work_date < cast(projects.created_at as date)
    group by entries.contract_id
),

delivery as (
    select
        contract_id,
        min(period) as period
    from entries
    where contract_id is not null
    group by contract_id
    union all
    select
        milestones.contract_id,
        {{ period_of('min(milestones.accepted_date)') }} as period
    from milestones
    cross join leg
    where milestones.is_accepted and milestones.contract_id is not null and milestones.accepted_date <= leg.as_of_date
    group by milestones.contract_id
    union all
    select
        contract_id,
        {{ period_of('start_date') }} as period
    from positions
    where start_date is not null
),

first_delivery as (
    select
        contract_id,
        min(period) as period
    from delivery
    group by contract_id
),

earned_early as (
    select
        revenue.contract_id,
        min(revenue.revenue_entry_id) as ref,
        {{ period_start('min(revenue.period)') }} as event_on,
        sum(revenue.amount) as amount
    from revenue
    inner join first_delivery on revenue.contract_id = first_delivery.contract_id
    where revenue.period < first_delivery.period
    group by revenue.contract_id
),

paid_early as (
    select
        documents.contract_id,
        min(payments.payment_id) as ref,
        min(payments.payment_date) as event_on,
        sum(applications.amount) as amount
    from applications
    inner join payments on applications.payment_id = payments.payment_id
    inner join documents on applications.invoice_id = documents.invoice_id
    where payments.payment_date < documents.issue_date
    group by documents.contract_id
),

found as (
    select
        billed_early.*,
        'billed_before_signature' as break_class,
        'billing' as workflow_stage,
        'invoiced before the contract was signed' as failure_reason
    from billed_early
    union all
    select
        worked_early.*,
        'time_before_activation' as break_class,
        'delivery' as workflow_stage,
        'time was worked before its project existed' as failure_reason
    from worked_early
    union all
    select
        earned_early.*,
        'revenue_before_delivery' as break_class,
        'revenue' as workflow_stage,
        'revenue is recognized before anything was due or delivered' as failure_reason
    from earned_early
    union all
    select
        paid_early.*,
        'paid_before_invoice' as break_class,
        'cash' as workflow_stage,
        'a payment is dated before the invoice it pays' as failure_reason
    from paid_early
)

select
    'lifecycle_order' as rule_id,
    leg.leg_id as leg,
    'amount' as measure,
    'condition' as kind,
    found.break_class,
    found.contract_id || ':' || found.break_class as grain_key,
    positions.qtc_id,
    found.contract_id,
    positions.customer_id,
    positions.legal_entity_id,
    positions.region,
    found.workflow_stage,
    leg.as_of_period as period,
    positions.currency,
    positions.source_instance as left_system,
    found.contract_id as left_ref,
    cast(null as decimal(18, 4)) as left_amount,
    leg.right_instance as right_system,
    found.ref as right_ref,
    cast(null as decimal(18, 4)) as right_amount,
    cast(0 as decimal(18, 4)) as difference,
    cast(found.amount as decimal(18, 4)) as blocked_amount,
    {{ date_start('found.event_on') }} as event_at,
    cast(null as timestamp) as due_at,
    cast(null as {{ dbt.type_string() }}) as pending_reason,
    found.failure_reason
from found
inner join positions on found.contract_id = positions.contract_id
cross join leg
