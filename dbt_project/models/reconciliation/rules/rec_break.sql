with found as (
    select * from {{ ref('rec_row') }}
    where kind in ('break', 'condition')
),

items as (
    select * from {{ ref('rec_exposure_item') }}
),

classes as (
    select * from {{ ref('rule_class') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

projects as (
    select * from {{ ref('core_project') }}
),

build as (
    select * from {{ ref('int_build') }}
),

-- one row per exception: money before minutes, where something is missing first
represented as (
    select
        found.*,
        row_number() over (
            partition by rule_id, leg, grain_key
            order by
                case measure when 'amount' then 0 when 'count' then 1 else 2 end asc,
                case when difference < 0 then 1 else 0 end asc,
                period asc nulls last,
                contract_id asc nulls last,
                currency asc nulls last,
                right_ref asc nulls last
        ) as row_rank
    from found
),

exposure as (
    select
        rule_id,
        leg,
        grain_key,
        min(base) as base,
        min(currency) as currency,
        min(case when is_primary then currency end) as first_currency,
        max(case when is_primary then currency end) as last_currency,
        cast(sum(case when is_primary then 1 else 0 end) as integer) as primary_items,
        count(case when is_primary then amount end) as known_items,
        sum(case when is_primary then amount end) as amount,
        sum(case when is_primary then amount_reporting end) as amount_reporting,
        sum(case when is_primary and amount <> 0 and amount_reporting is null then 1 else 0 end) as unrated_items
    from items
    group by rule_id, leg, grain_key
),

-- items in several currencies do not add up: such an exception speaks in the reporting currency
stated as (
    select
        exposure.rule_id,
        exposure.leg,
        exposure.grain_key,
        exposure.base,
        exposure.primary_items,
        case
            when exposure.first_currency <> exposure.last_currency then build.reporting_currency
            else coalesce(exposure.first_currency, exposure.currency)
        end as currency,
        case
            when exposure.primary_items > 0 and exposure.known_items = 0 then null
            when exposure.first_currency <> exposure.last_currency and exposure.unrated_items > 0 then null
            when exposure.first_currency <> exposure.last_currency then exposure.amount_reporting
            else coalesce(exposure.amount, 0)
        end as amount,
        case
            when exposure.primary_items > 0 and exposure.known_items = 0 then null
            when exposure.unrated_items > 0 then null
            else coalesce(exposure.amount_reporting, 0)
        end as amount_reporting
    from exposure
    cross join build
)

select
    represented.rule_id,
    represented.leg,
    represented.measure,
    represented.kind,
    represented.break_class,
    {{ digest(['represented.rule_id', 'represented.leg', 'represented.grain_key']) }} as exception_id,
    represented.grain_key,
    represented.qtc_id,
    represented.contract_id,
    represented.customer_id,
    represented.legal_entity_id,
    represented.region,
    coalesce(contracts.practice, 'unassigned') as practice,
    represented.workflow_stage,
    represented.period,
    represented.currency,
    represented.left_system,
    represented.left_ref,
    represented.left_amount,
    represented.right_system,
    represented.right_ref,
    represented.right_amount,
    represented.difference,
    represented.blocked_amount,
    represented.event_at,
    represented.due_at,
    represented.failure_reason,
    coalesce(stated.base, classes.base) as base,
    cast(classes.rank as integer) as rank,
    classes.owner_role,
    classes.default_correction,
    cast(classes.sla_days as integer) as sla_days,
    coalesce(stated.currency, represented.currency, projects.currency) as exposure_currency,
    coalesce(stated.primary_items, 0) as primary_items,
    cast(case when stated.leg is null then 0 else stated.amount end as decimal(18, 4)) as exposure_amount,
    cast(case when stated.leg is null then 0 else stated.amount_reporting end as decimal(18, 4)) as exposure_reporting
from represented
left join stated
    on represented.rule_id = stated.rule_id and represented.leg = stated.leg and represented.grain_key = stated.grain_key
left join classes on represented.break_class = classes.break_class
left join contracts on represented.contract_id = contracts.contract_id
left join projects on represented.grain_key = projects.project_id
where represented.row_rank = 1
