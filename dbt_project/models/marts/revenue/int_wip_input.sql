with build as (
    select * from {{ ref('int_build') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
    where coalesce(billing_type, 'unassigned') <> 'time_and_materials'
),

margins as (
    select * from {{ ref('fct_margin') }}
    where is_as_of_period
),

minutes_to_date as (
    select
        contract_id,
        sum(minutes_without_cost) as minutes_without_cost
    from {{ ref('fct_margin') }}
    group by contract_id
),

estimates as (
    select * from {{ ref('core_estimate') }}
    where contract_id is not null
),

demands as (
    select * from {{ ref('core_role_demand') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved
),

resources as (
    select * from {{ ref('core_resource') }}
),

rate_cards as (
    select * from {{ ref('core_rate_card') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
),

latest_estimate as (
    select
        estimates.contract_id,
        estimates.project_id,
        estimates.planned_cost,
        row_number() over (
            partition by estimates.contract_id, estimates.project_id
            order by estimates.version desc nulls last, estimates.estimate_id desc nulls last
        ) as version_rank
    from estimates
    cross join build
    where estimates.as_of_date <= build.as_of_date
),

budget as (
    select
        contract_id,
        sum(planned_cost) as budget_cost
    from latest_estimate
    where version_rank = 1
    group by contract_id
),

-- what is sold and what is used, as minutes of a role on a day; a country is known of people only
worked as (
    select
        'used' as side,
        positions.contract_id,
        entries.role_code,
        entries.work_date as priced_on,
        coalesce(resources.country, '') as country,
        entries.minutes,
        count(*) as occurrences
    from entries
    inner join positions on entries.contract_id = positions.contract_id
    left join resources on entries.resource_id = resources.resource_id
    cross join build
    where entries.work_date <= build.as_of_date
    group by positions.contract_id, entries.role_code, entries.work_date, coalesce(resources.country, ''), entries.minutes
    union all
    select
        'sold' as side,
        positions.contract_id,
        demands.role_code,
        demands.start_date as priced_on,
        '' as country,
        demands.minutes,
        count(*) as occurrences
    from demands
    inner join positions on demands.contract_id = positions.contract_id
    group by positions.contract_id, demands.role_code, demands.start_date, demands.minutes
),

priced_day as (
    select distinct
        contract_id,
        role_code,
        priced_on,
        country
    from worked
),

card_rate as (
    select
        priced_day.contract_id,
        priced_day.role_code,
        priced_day.priced_on,
        priced_day.country,
        rate_cards.rate,
        row_number() over (
            partition by priced_day.contract_id, priced_day.role_code, priced_day.priced_on, priced_day.country
            order by
                case when rate_cards.country is null then 1 else 0 end,
                rate_cards.effective_from desc nulls last,
                rate_cards.rate_card_id desc nulls last
        ) as rate_rank
    from priced_day
    inner join rate_cards
        on
            priced_day.contract_id = rate_cards.contract_id
            and priced_day.role_code = rate_cards.role_code
            and priced_day.priced_on >= rate_cards.effective_from
            and (rate_cards.effective_to is null or priced_day.priced_on <= rate_cards.effective_to)
            and (rate_cards.country is null or priced_day.country = rate_cards.country)
),

priced as (
    select
        worked.side,
        worked.contract_id,
        worked.occurrences * {{ minutes_value('worked.minutes', 'card_rate.rate', 'currencies.minor_unit') }} as price
    from worked
    inner join positions on worked.contract_id = positions.contract_id
    left join currencies on positions.currency = currencies.currency_id
    left join card_rate
        on
            worked.contract_id = card_rate.contract_id
            and worked.role_code = card_rate.role_code
            and worked.priced_on = card_rate.priced_on
            and worked.country = card_rate.country
            and card_rate.rate_rank = 1
),

-- a price with an unknown part is unknown
price as (
    select
        contract_id,
        cast(
            case
                when sum(case when side = 'sold' and price is null then 1 else 0 end) = 0
                    then sum(case when side = 'sold' then price end)
            end as decimal(18, 4)
        ) as budget_price,
        cast(
            case
                when sum(case when side = 'used' and price is null then 1 else 0 end) = 0
                    then coalesce(sum(case when side = 'used' then price end), 0)
            end as decimal(18, 4)
        ) as usage_price
    from priced
    group by contract_id
),

signed as (
    select
        positions.contract_id,
        positions.currency,
        positions.functional_currency,
        price.budget_price,
        case when price.contract_id is null then 0 else price.usage_price end as usage_price,
        from_rate.rate as from_rate,
        to_rate.rate as to_rate
    from positions
    left join price on positions.contract_id = price.contract_id
    left join rates as from_rate on positions.currency = from_rate.currency and positions.signed_period = from_rate.period
    left join rates as to_rate on positions.functional_currency = to_rate.currency and positions.signed_period = to_rate.period
)

select
    positions.contract_id,
    positions.qtc_id,
    coalesce(positions.customer_id, 'unassigned') as customer_id,
    positions.legal_entity_id,
    positions.region,
    positions.practice,
    coalesce(positions.billing_type, 'unassigned') as billing_type,
    positions.functional_currency as currency,
    margins.contract_value as contract_price,
    cast(coalesce(budget.budget_cost, positions.planned_cost) as decimal(18, 4)) as budget_cost,
    cast(
        {{ cross_convert('signed.budget_price', 'signed.currency', 'signed.functional_currency', 'signed.from_rate', 'signed.to_rate') }}
        as decimal(18, 4)
    ) as budget_price,
    case when minutes_to_date.minutes_without_cost = 0 then margins.cost_to_date end as usage_cost,
    cast(
        {{ cross_convert('signed.usage_price', 'signed.currency', 'signed.functional_currency', 'signed.from_rate', 'signed.to_rate') }}
        as decimal(18, 4)
    ) as usage_price,
    margins.billed_to_date as invoiced_amount
from positions
inner join margins on positions.contract_id = margins.contract_id
inner join minutes_to_date on positions.contract_id = minutes_to_date.contract_id
inner join signed on positions.contract_id = signed.contract_id
left join budget on positions.contract_id = budget.contract_id
