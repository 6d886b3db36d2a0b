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

positions as (
    select * from {{ ref('int_contract_position') }}
),

expected as (
    select * from {{ ref('int_revenue_expected') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

applications as (
    select * from {{ ref('core_payment_application') }}
    where payment_id is not null
),

documents as (
    select * from {{ ref('int_posted_document') }}
    where document_type in ('invoice', 'credit_memo')
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

build as (
    select * from {{ ref('int_build') }}
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
    -- a reversal counts where the payment stands that it takes back
    select
        'cash.applied' as leg,
        coalesce(
            reversed.posting_period, {{ period_of('reversed.payment_date') }},
            payments.posting_period, {{ period_of('payments.payment_date') }}
        ) as period,
        coalesce(reversed.legal_entity_id, payments.legal_entity_id) as legal_entity_id,
        coalesce(reversed.currency, payments.currency) as currency,
        sum(payments.amount) as left_total,
        0 as right_total
    from payments
    left join payments as reversed on payments.reversed_payment_id = reversed.payment_id
    group by 1, 2, 3, 4
    union all
    select
        'cash.applied' as leg,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        payments.legal_entity_id,
        payments.currency,
        0 as left_total,
        sum(applications.amount) as right_total
    from applications
    inner join payments on applications.payment_id = payments.payment_id
    group by coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}), payments.legal_entity_id, payments.currency
    union all
    select
        'cash.gl' as leg,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        payments.legal_entity_id,
        legal_entities.functional_currency as currency,
        sum({{ round_to_minor_unit(money_times('payments.amount', 'payments.exchange_rate'), 'currencies.minor_unit') }}) as left_total,
        0 as right_total
    from payments
    left join legal_entities on payments.legal_entity_id = legal_entities.legal_entity_id
    left join currencies on legal_entities.functional_currency = currencies.currency_id
    group by 1, 2, 3, 4
    union all
    select
        'cash.gl' as leg,
        entries.posting_period as period,
        entries.legal_entity_id,
        legal_entities.functional_currency as currency,
        0 as left_total,
        sum(entries.amount) as right_total
    from entries
    left join legal_entities on entries.legal_entity_id = legal_entities.legal_entity_id
    where entries.account_type = 'cash' and entries.document_type in ('payment', 'reversal')
    group by entries.posting_period, entries.legal_entity_id, legal_entities.functional_currency
    union all
    select
        'revenue.subledger' as leg,
        period,
        legal_entity_id,
        currency,
        sum(amount) as left_total,
        0 as right_total
    from expected
    group by period, legal_entity_id, currency
    union all
    select
        'revenue.subledger' as leg,
        expected.period,
        expected.legal_entity_id,
        expected.currency,
        0 as left_total,
        sum(revenue.amount) as right_total
    from revenue
    inner join expected
        on
            revenue.contract_id = expected.contract_id and revenue.currency = expected.currency
            and revenue.period <= expected.period
    group by expected.period, expected.legal_entity_id, expected.currency
    union all
    select
        'revenue.position' as leg,
        build.as_of_period as period,
        positions.legal_entity_id,
        positions.functional_currency as currency,
        sum(revenue.functional_amount) as left_total,
        0 as right_total
    from revenue
    inner join positions on revenue.contract_id = positions.contract_id
    inner join build on revenue.period <= build.as_of_period
    group by build.as_of_period, positions.legal_entity_id, positions.functional_currency
    union all
    select
        'revenue.position' as leg,
        build.as_of_period as period,
        positions.legal_entity_id,
        positions.functional_currency as currency,
        -sum(lines.functional_amount) as left_total,
        0 as right_total
    from lines
    inner join documents on lines.invoice_id = documents.invoice_id
    inner join positions on documents.contract_id = positions.contract_id
    inner join build on documents.period <= build.as_of_period
    group by build.as_of_period, positions.legal_entity_id, positions.functional_currency
    union all
    select
        'revenue.position' as leg,
        build.as_of_period as period,
        positions.legal_entity_id,
        positions.functional_currency as currency,
        0 as left_total,
        sum(entries.amount) as right_total
    from entries
    inner join positions on entries.contract_id = positions.contract_id
    inner join build on entries.posting_period <= build.as_of_period
    where entries.account_type = 'contract_position'
    group by build.as_of_period, positions.legal_entity_id, positions.functional_currency
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
