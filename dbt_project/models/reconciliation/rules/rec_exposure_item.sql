with classes as (
    select * from {{ ref('rule_class') }}
),

rates as (
    select * from {{ ref('int_reporting_rate') }}
    where is_latest
),

activation as (
    select * from {{ ref('int_exposure_activation') }}
),

billing as (
    select * from {{ ref('int_exposure_billing') }}
),

terms as (
    select * from {{ ref('int_exposure_terms') }}
),

-- the contract's own row speaks; a value in another currency stands in a second one
contract_value as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'contract:' || contract_id as item_key,
        exposure_amount as amount,
        currency,
        exposure_base as base
    from {{ ref('rec_contract_value') }}
    where kind = 'break' and left_ref is not null
),

approved_time as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        'time_entry:' || grain_key as item_key,
        exposure_amount as amount,
        exposure_currency as currency,
        exposure_base as base
    from {{ ref('rec_approved_time') }}
    where kind in ('break', 'condition')
),

-- rules whose rows say themselves which item they claim
itemized as (
    {{- claims_of([
        'rec_bill_rate', 'rec_expense', 'rec_milestone', 'rec_cash', 'rec_revenue_subledger', 'rec_revenue_position'
    ]) }}
),

ledger_row as (
    select * from {{ ref('rec_ar_to_gl') }}
    union all
    select * from {{ ref('rec_revenue_gl') }}
    union all
    select * from {{ ref('rec_rollforward') }}
),

ledger as (
    select
        rule_id,
        leg,
        grain_key,
        break_class,
        leg || ':' || grain_key as item_key,
        -- of a document booked in the wrong period: what is wrong in either, never their sum, which is nothing
        max(abs(difference)) as amount,
        min(currency) as currency,
        'misstatement' as base
    from ledger_row
    where kind = 'break'
    group by rule_id, leg, grain_key, break_class
),

claims as (
    select * from activation
    union all
    select * from contract_value
    union all
    select * from approved_time
    union all
    select * from billing
    union all
    select * from terms
    union all
    select * from ledger
    union all
    select * from itemized
),

-- an exception claims an item once, with the larger amount
claimed_once as (
    select
        claims.*,
        row_number() over (
            partition by claims.leg, claims.break_class, claims.grain_key, claims.item_key
            order by claims.amount desc nulls last, claims.base asc nulls last, claims.currency asc nulls last
        ) as claim_rank
    from claims
),

ranked as (
    select
        claimed_once.rule_id,
        claimed_once.leg,
        claimed_once.grain_key,
        claimed_once.break_class,
        claimed_once.item_key,
        claimed_once.amount,
        claimed_once.currency,
        claimed_once.base,
        classes.rank,
        row_number() over (
            partition by claimed_once.item_key
            order by
                classes.rank asc nulls last,
                claimed_once.leg asc nulls last,
                claimed_once.break_class asc nulls last,
                claimed_once.grain_key asc nulls last
        ) as item_rank
    from claimed_once
    left join classes on claimed_once.break_class = classes.break_class
    where claimed_once.claim_rank = 1
)

select
    ranked.rule_id,
    ranked.leg,
    ranked.grain_key,
    ranked.break_class,
    ranked.item_key,
    cast(ranked.amount as decimal(18, 4)) as amount,
    ranked.currency,
    {{ round_half_away(money_times('ranked.amount', 'rates.rate'), 2) }} as amount_reporting,
    ranked.base,
    cast(ranked.rank as integer) as rank,
    ranked.item_rank = 1 as is_primary
from ranked
left join rates on ranked.currency = rates.currency
