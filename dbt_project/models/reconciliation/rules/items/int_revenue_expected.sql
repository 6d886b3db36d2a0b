with positions as (
    select * from {{ ref('int_contract_position') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

entries as (
    select * from {{ ref('core_time_entry') }}
    where system_role = 'psa' and is_approved
),

milestones as (
    select * from {{ ref('core_milestone') }}
    where is_accepted
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
    where is_approved
),

estimates as (
    select * from {{ ref('core_estimate') }}
),

build as (
    select * from {{ ref('int_build') }}
),

-- revenue is compared up to the last period in which a legal entity has recognized any
recognized_until as (
    select
        revenue.legal_entity_id,
        max(revenue.period) as period
    from revenue
    cross join build
    where revenue.period <= build.as_of_period
    group by revenue.legal_entity_id
),

subject as (
    select
        positions.contract_id,
        positions.currency,
        positions.legal_entity_id,
        positions.signed_value,
        contracts.recognition_rule,
        contracts.start_date,
        contracts.end_date,
        contracts.hold_from,
        currencies.minor_unit,
        functional.minor_unit as functional_minor_unit,
        recognized_until.period,
        build.as_of_date
    from positions
    inner join contracts on positions.contract_id = contracts.contract_id
    inner join recognized_until on positions.legal_entity_id = recognized_until.legal_entity_id
    left join currencies on positions.currency = currencies.currency_id
    left join currencies as functional on positions.functional_currency = functional.currency_id
    cross join build
),

-- right to invoice: what was delivered and approved, at the contract's rate
delivered as (
    select
        subject.contract_id,
        sum(entries.contract_value) as amount,
        max(case when entries.contract_value is null then 1 else 0 end) as unknowns
    from subject
    inner join entries on subject.contract_id = entries.contract_id
    where subject.recognition_rule = 'right_to_invoice' and entries.is_billable and entries.period <= subject.period
    group by subject.contract_id
),

accepted as (
    select
        subject.contract_id,
        sum(milestones.amount) as amount,
        max(case when milestones.amount is null or coalesce(milestones.currency <> subject.currency, true) then 1 else 0 end) as unknowns
    from subject
    inner join milestones on subject.contract_id = milestones.contract_id
    where subject.recognition_rule = 'milestone' and {{ period_of('milestones.accepted_date') }} <= subject.period
    group by subject.contract_id
),

-- straight line: whole months from the first to the last, none after one that begins on hold
spanned as (
    select
        subject.*,
        least(
            subject.period,
            {{ period_of('subject.end_date') }},
            coalesce({{ period_of('subject.hold_from') }}, subject.period)
        ) as value_period,
        {{ month_number(period_of('subject.start_date')) }} as first_month,
        {{ month_number(period_of('subject.end_date')) }} as last_month
    from subject
    where subject.recognition_rule = 'straight_line' and subject.start_date is not null and subject.end_date is not null
),

-- percentage of completion: the last estimate up to the period, and the cost up to its month
estimated as (
    select
        subject.*,
        {{ period_of('estimates.as_of_date') }} as value_period,
        estimates.etc_cost,
        row_number() over (
            partition by subject.contract_id
            order by
                {{ period_of('estimates.as_of_date') }} desc nulls last,
                estimates.version desc nulls last,
                estimates.estimate_id desc nulls last
        ) as estimate_rank
    from subject
    inner join estimates on subject.contract_id = estimates.contract_id
    where subject.recognition_rule = 'percentage_of_completion' and {{ period_of('estimates.as_of_date') }} <= subject.period
),

latest_estimate as (
    select * from estimated
    where estimate_rank = 1
),

spent as (
    select
        latest_estimate.contract_id,
        sum({{ minutes_value('entries.minutes', 'entries.cost_rate', 'latest_estimate.functional_minor_unit') }}) as amount,
        max(case when entries.cost_rate is null then 1 else 0 end) as unknowns
    from latest_estimate
    inner join entries on latest_estimate.contract_id = entries.contract_id
    where entries.period <= latest_estimate.value_period
    group by latest_estimate.contract_id
),

-- the value agreed for, as in force at the end of the period in question
valued as (
    select
        contract_id,
        currency,
        signed_value,
        least({{ period_end('value_period') }}, as_of_date) as valued_on
    from spanned
    union all
    select
        contract_id,
        currency,
        signed_value,
        {{ period_end('value_period') }} as valued_on
    from latest_estimate
),

agreed as (
    select
        valued.contract_id,
        max(valued.signed_value) + coalesce(sum(amendments.amount), 0) as amount
    from valued
    left join amendments
        on
            valued.contract_id = amendments.contract_id and valued.currency = amendments.currency
            and amendments.effective_date <= valued.valued_on
    group by valued.contract_id
),

expected as (
    select
        subject.contract_id,
        coalesce(delivered.amount, 0) as amount
    from subject
    left join delivered on subject.contract_id = delivered.contract_id
    where subject.recognition_rule = 'right_to_invoice' and coalesce(delivered.unknowns, 0) = 0
    union all
    select
        subject.contract_id,
        coalesce(accepted.amount, 0) as amount
    from subject
    left join accepted on subject.contract_id = accepted.contract_id
    where subject.recognition_rule = 'milestone' and coalesce(accepted.unknowns, 0) = 0
    union all
    select
        spanned.contract_id,
        {{ money_div_unit(
            'agreed.amount * greatest(' ~ month_number('spanned.value_period') ~ ' - spanned.first_month + 1, 0)',
            'spanned.last_month - spanned.first_month + 1',
            'spanned.minor_unit'
        ) }} as amount
    from spanned
    inner join agreed on spanned.contract_id = agreed.contract_id
    where spanned.last_month >= spanned.first_month
    union all
    select
        latest_estimate.contract_id,
        {{ money_div_unit(
            'cast(agreed.amount as decimal(20, 3)) * cast(coalesce(spent.amount, 0) as decimal(18, 3))',
            'coalesce(spent.amount, 0) + latest_estimate.etc_cost',
            'latest_estimate.minor_unit'
        ) }} as amount
    from latest_estimate
    inner join agreed on latest_estimate.contract_id = agreed.contract_id
    left join spent on latest_estimate.contract_id = spent.contract_id
    where coalesce(spent.unknowns, 0) = 0
)

select
    subject.contract_id,
    subject.legal_entity_id,
    subject.currency,
    subject.period,
    cast(expected.amount as decimal(18, 4)) as amount
from expected
inner join subject on expected.contract_id = subject.contract_id
where expected.amount is not null
