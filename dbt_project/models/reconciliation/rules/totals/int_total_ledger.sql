with leg as (
    select * from {{ ref('int_leg') }}
    where is_applicable
),

receivables as (
    select * from {{ ref('int_receivable') }}
),

entries as (
    select * from {{ ref('core_gl_entry') }}
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

closings as (
    select * from {{ ref('int_closing') }}
),

rolled as (
    select * from {{ ref('int_rollforward') }}
),

totals as (
    select
        'ar_to_gl' as leg,
        receivables.period,
        receivables.legal_entity_id,
        legal_entities.functional_currency as currency,
        sum(receivables.amount) as left_total,
        0 as right_total
    from receivables
    left join legal_entities on receivables.legal_entity_id = legal_entities.legal_entity_id
    group by receivables.period, receivables.legal_entity_id, legal_entities.functional_currency
    union all
    select
        'ar_to_gl' as leg,
        entries.posting_period as period,
        entries.legal_entity_id,
        legal_entities.functional_currency as currency,
        0 as left_total,
        sum(entries.amount) as right_total
    from entries
    left join legal_entities on entries.legal_entity_id = legal_entities.legal_entity_id
    where entries.account_type = 'receivable'
    group by entries.posting_period, entries.legal_entity_id, legal_entities.functional_currency
    union all
    select
        'revenue.gl' as leg,
        revenue.period,
        revenue.legal_entity_id,
        legal_entities.functional_currency as currency,
        sum(revenue.functional_amount) as left_total,
        0 as right_total
    from revenue
    left join legal_entities on revenue.legal_entity_id = legal_entities.legal_entity_id
    group by revenue.period, revenue.legal_entity_id, legal_entities.functional_currency
    union all
    select
        'revenue.gl' as leg,
        entries.posting_period as period,
        entries.legal_entity_id,
        legal_entities.functional_currency as currency,
        0 as left_total,
        -sum(entries.amount) as right_total
    from entries
    left join legal_entities on entries.legal_entity_id = legal_entities.legal_entity_id
    where entries.account_type = 'revenue'
    group by entries.posting_period, entries.legal_entity_id, legal_entities.functional_currency
    union all
    select
        'rollforward.' || stock as leg,
        period,
        legal_entity_id,
        currency,
        closing as left_total,
        0 as right_total
    from closings
    union all
    select
        'rollforward.' || stock as leg,
        period,
        legal_entity_id,
        currency,
        0 as left_total,
        opening + moved as right_total
    from rolled
)

select
    totals.leg,
    'amount' as measure,
    totals.period,
    totals.legal_entity_id,
    totals.currency,
    totals.left_total,
    totals.right_total
from totals
inner join leg on totals.leg = leg.leg_id
