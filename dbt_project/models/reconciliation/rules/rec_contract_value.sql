with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('contract_value.psa', 'contract_value.erp') and is_applicable
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

priced as (
    select * from {{ ref('int_contract_price') }}
),

expected as (
    select
        leg.*,
        positions.contract_id,
        positions.qtc_id,
        positions.customer_id,
        positions.legal_entity_id,
        positions.region,
        positions.currency,
        positions.source_instance,
        positions.version_at,
        positions.signed_date,
        positions.amended_value,
        positions.billed_amount
    from positions
    cross join leg
),

-- agreed in another currency than the contract's: nothing adds it to the value, so it stands apart
foreign_amendment as (
    select
        expected.leg_id,
        expected.contract_id,
        amendments.currency,
        min(amendments.contract_amendment_id) as contract_amendment_id,
        sum(amendments.amount) as amount
    from expected
    inner join amendments on expected.contract_id = amendments.contract_id
    where
        amendments.is_approved and amendments.effective_date <= expected.as_of_date
        and coalesce(amendments.currency, '') <> expected.currency
    group by expected.leg_id, expected.contract_id, amendments.currency
),

with_foreign as (
    select distinct
        leg_id,
        contract_id
    from foreign_amendment
),

right_side as (
    select
        leg_id,
        contract_id,
        count(distinct currency) as currencies,
        sum(priced_records) as priced_records
    from priced
    group by leg_id, contract_id
),

-- same currency (or nothing at all on the right): one row; prices in other currencies stand apart with their full value
same_currency as (
    select
        leg.leg_id as leg,
        leg.contract_id,
        leg.qtc_id,
        leg.customer_id,
        leg.legal_entity_id,
        leg.region,
        leg.currency,
        leg.source_instance as left_system,
        leg.contract_id as left_ref,
        leg.amended_value as left_amount,
        leg.right_instance as right_system,
        priced.record_ref as right_ref,
        priced.price as right_amount,
        leg.amended_value - coalesce(priced.price, 0) as difference,
        leg.billed_amount,
        leg.signed_date,
        leg.version_at as left_version_at,
        priced.version_at as right_version_at,
        right_side.contract_id is not null as is_activated,
        coalesce(right_side.priced_records, 0) > 0 as is_priced,
        priced.contract_id is not null and priced.priced_records > 0 and right_side.currencies = 1
        and with_foreign.contract_id is null as is_comparable
    from expected as leg
    left join priced on leg.contract_id = priced.contract_id and leg.leg_id = priced.leg_id and leg.currency = priced.currency
    left join right_side on leg.contract_id = right_side.contract_id and leg.leg_id = right_side.leg_id
    left join with_foreign on leg.contract_id = with_foreign.contract_id and leg.leg_id = with_foreign.leg_id
),

foreign_value as (
    select
        leg_id,
        contract_id,
        currency,
        contract_amendment_id as left_ref,
        amount as left_amount,
        cast(null as {{ dbt.type_string() }}) as right_ref,
        cast(null as decimal(18, 4)) as right_amount,
        cast(null as timestamp) as version_at
    from foreign_amendment
    union all
    select
        leg.leg_id,
        leg.contract_id,
        priced.currency,
        cast(null as {{ dbt.type_string() }}) as left_ref,
        cast(null as decimal(18, 4)) as left_amount,
        priced.record_ref as right_ref,
        priced.price as right_amount,
        priced.version_at
    from expected as leg
    inner join priced on leg.contract_id = priced.contract_id and leg.leg_id = priced.leg_id and leg.currency <> priced.currency
    where priced.price is not null
),

other_currency as (
    select
        leg.leg_id as leg,
        leg.contract_id,
        leg.qtc_id,
        leg.customer_id,
        leg.legal_entity_id,
        leg.region,
        foreign_value.currency,
        leg.source_instance as left_system,
        max(foreign_value.left_ref) as left_ref,
        sum(foreign_value.left_amount) as left_amount,
        leg.right_instance as right_system,
        max(foreign_value.right_ref) as right_ref,
        sum(foreign_value.right_amount) as right_amount,
        coalesce(sum(foreign_value.left_amount), 0) - coalesce(sum(foreign_value.right_amount), 0) as difference,
        leg.billed_amount,
        leg.signed_date,
        leg.version_at as left_version_at,
        max(foreign_value.version_at) as right_version_at,
        right_side.contract_id is not null as is_activated,
        coalesce(right_side.priced_records, 0) > 0 as is_priced,
        false as is_comparable
    from expected as leg
    inner join foreign_value on leg.contract_id = foreign_value.contract_id and leg.leg_id = foreign_value.leg_id
    left join right_side on leg.contract_id = right_side.contract_id and leg.leg_id = right_side.leg_id
    group by all
),

differing as (
    select * from same_currency
    where difference <> 0 or not is_comparable
    union all
    select * from other_currency
),

in_force as (
    select
        expected.leg_id,
        amendments.contract_id,
        amendments.contract_amendment_id,
        amendments.amount,
        case when amendments.approved_date > amendments.effective_date then amendments.approved_date else amendments.effective_date end
            as agreed_on,
        sum(amendments.amount) over (
            partition by expected.leg_id, amendments.contract_id
            order by amendments.effective_date desc nulls last, amendments.contract_amendment_id desc nulls last
            rows between unbounded preceding and current row
        ) as latest_sum
    from amendments
    inner join expected on amendments.contract_id = expected.contract_id
    where amendments.is_approved and amendments.effective_date <= expected.as_of_date and amendments.currency = expected.currency
),

-- the difference is one agreed amendment, or the latest few of them
not_propagated as (
    select
        differing.leg,
        differing.contract_id,
        max(in_force.agreed_on) as agreed_on
    from differing
    inner join in_force on differing.contract_id = in_force.contract_id and differing.leg = in_force.leg_id
    where differing.is_comparable and (in_force.amount = differing.difference or in_force.latest_sum = differing.difference)
    group by differing.leg, differing.contract_id
),

-- the difference is an amendment that nobody has agreed to, or that is not yet in force
too_early as (
    select distinct
        differing.leg,
        differing.contract_id
    from differing
    inner join amendments on differing.contract_id = amendments.contract_id and differing.difference = -amendments.amount
    inner join leg on differing.leg = leg.leg_id
    where differing.is_comparable and (not amendments.is_approved or amendments.effective_date > leg.as_of_date)
),

classified as (
    select
        leg.*,
        differing.*,
        case
            when not differing.is_activated then 'not_activated'
            when not differing.is_comparable and differing.is_priced then 'currency_mismatch'
            when not differing.is_comparable then null
            when not_propagated.contract_id is not null then 'amendment_not_propagated'
            when too_early.contract_id is not null then 'unapproved_amendment_propagated'
            else 'value_mismatch'
        end as break_class,
        {{ date_start('coalesce(not_propagated.agreed_on, differing.signed_date)') }} as event_at
    from differing
    inner join leg on differing.leg = leg.leg_id
    left join not_propagated on differing.contract_id = not_propagated.contract_id and differing.leg = not_propagated.leg
    left join too_early on differing.contract_id = too_early.contract_id and differing.leg = too_early.leg
),

judged as (
    select
        leg.*,
        case
            when leg.break_class is not null and leg.break_class <> 'not_activated'
                then {{ pending_reason('leg.event_at', 'leg.left_version_at', 'leg.right_version_at', 'right') }}
        end as pending_reason,
        {{ due_at('leg.event_at') }} as due_at
    from classified as leg
)

select
    'contract_value' as rule_id,
    leg,
    'amount' as measure,
    case
        when break_class is null then 'unexplained'
        when break_class = 'not_activated' then 'reconciling'
        when pending_reason is not null then 'timing'
        else 'break'
    end as kind,
    break_class,
    contract_id as grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'contract' as workflow_stage,
    as_of_period as period,
    currency,
    left_system,
    left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_system,
    right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(null as decimal(18, 4)) as blocked_amount,
    event_at,
    case when break_class <> 'not_activated' then due_at end as due_at,
    pending_reason,
    case break_class
        when 'not_activated' then 'nothing is set up on the other side, see activation'
        when 'currency_mismatch' then 'the other side holds the value in another currency'
        when 'amendment_not_propagated' then 'an agreed amendment has not arrived'
        when 'unapproved_amendment_propagated' then 'an amendment arrived that nobody agreed to'
        when 'value_mismatch' then 'both sides hold a value and they differ'
        else 'the other side holds no value'
    end as failure_reason,
    -- what the difference may still cost: the part of it that is not billed yet
    case
        when break_class = 'currency_mismatch' then 0
        else cast(
            least(
                abs(difference),
                greatest(greatest(coalesce(left_amount, 0), coalesce(right_amount, 0)) - billed_amount, 0)
            ) as decimal(18, 4)
        )
    end as exposure_amount,
    case when break_class = 'currency_mismatch' then 'control' when difference > 0 then 'leakage' else 'overbilling' end as exposure_base
from judged
