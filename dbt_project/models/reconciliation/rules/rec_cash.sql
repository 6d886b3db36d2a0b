with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('cash.applied', 'cash.gl') and is_applicable
),

payments as (
    select * from {{ ref('core_payment') }}
),

applications as (
    select * from {{ ref('core_payment_application') }}
    where payment_id is not null
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

entries as (
    select * from {{ ref('core_gl_entry') }}
    where account_type = 'cash'
),

legal_entities as (
    select * from {{ ref('core_legal_entity') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

-- a reversal belongs to the payment it takes back
received as (
    select
        coalesce(reversed.payment_id, payments.payment_id) as payment_id,
        sum(payments.amount) as amount,
        max(payments.version_at) as version_at
    from payments
    left join payments as reversed on payments.reversed_payment_id = reversed.payment_id
    group by coalesce(reversed.payment_id, payments.payment_id)
),

-- the contract is named where all that is paid belongs to one
applied as (
    select
        applications.payment_id,
        sum(applications.amount) as amount,
        max(applications.version_at) as version_at,
        case when count(distinct invoices.contract_id) = 1 then min(invoices.contract_id) end as contract_id
    from applications
    left join invoices on applications.invoice_id = invoices.invoice_id
    group by applications.payment_id
),

settled as (
    select
        'cash.applied' as leg_id,
        payments.payment_id as grain_key,
        contracts.qtc_id,
        contracts.contract_id,
        payments.customer_id,
        payments.legal_entity_id,
        contracts.region,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        payments.currency,
        payments.payment_id as left_ref,
        received.amount as left_amount,
        applied.payment_id as right_ref,
        applied.amount as right_amount,
        received.amount - coalesce(applied.amount, 0) as difference,
        {{ date_start('payments.payment_date') }} as event_at,
        received.version_at as left_version_at,
        applied.version_at as right_version_at
    from received
    inner join payments on received.payment_id = payments.payment_id
    left join applied on received.payment_id = applied.payment_id
    left join contracts on applied.contract_id = contracts.contract_id
),

booked as (
    select
        payments.payment_id as document_key,
        payments.legal_entity_id,
        coalesce(payments.posting_period, {{ period_of('payments.payment_date') }}) as period,
        payments.customer_id,
        payments.payment_date,
        {{ round_to_minor_unit(money_times('payments.amount', 'payments.exchange_rate'), 'currencies.minor_unit') }} as amount,
        payments.version_at
    from payments
    left join legal_entities on payments.legal_entity_id = legal_entities.legal_entity_id
    left join currencies on legal_entities.functional_currency = currencies.currency_id
),

-- what payments and their reversals moved; cash of other documents is none of this rule
ledger as (
    select
        coalesce(entries.document_id, entries.transaction_source_id) as document_key,
        entries.legal_entity_id,
        entries.posting_period as period,
        sum(entries.amount) as amount,
        max(entries.version_at) as version_at
    from entries
    where entries.document_type in ('payment', 'reversal')
    group by coalesce(entries.document_id, entries.transaction_source_id), entries.legal_entity_id, entries.posting_period
),

posted as (
    select
        'cash.gl' as leg_id,
        coalesce(booked.document_key, ledger.document_key) as grain_key,
        cast(null as {{ dbt.type_string() }}) as qtc_id,
        cast(null as {{ dbt.type_string() }}) as contract_id,
        booked.customer_id,
        coalesce(booked.legal_entity_id, ledger.legal_entity_id) as legal_entity_id,
        cast(null as {{ dbt.type_string() }}) as region,
        coalesce(booked.period, ledger.period) as period,
        legal_entities.functional_currency as currency,
        booked.document_key as left_ref,
        booked.amount as left_amount,
        ledger.document_key as right_ref,
        ledger.amount as right_amount,
        coalesce(booked.amount, 0) - coalesce(ledger.amount, 0) as difference,
        {{ date_start('booked.payment_date') }} as event_at,
        booked.version_at as left_version_at,
        ledger.version_at as right_version_at
    from booked
    full outer join ledger
        on
            booked.document_key = ledger.document_key and booked.legal_entity_id = ledger.legal_entity_id
            and booked.period = ledger.period
    left join legal_entities on coalesce(booked.legal_entity_id, ledger.legal_entity_id) = legal_entities.legal_entity_id
),

compared as (
    select * from settled
    where difference <> 0
    union all
    select * from posted
    where difference <> 0
),

named as (
    select
        compared.*,
        leg.left_instance,
        leg.right_instance,
        case
            when compared.leg_id = 'cash.gl' then 'subledger_mismatch'
            when compared.difference > 0 then 'unapplied_payment'
            else 'over_applied'
        end as break_class,
        case
            when compared.leg_id = 'cash.gl' then {{ torn_reason('compared.left_version_at', 'compared.right_version_at') }}
            else {{ pending_reason('compared.event_at', 'compared.left_version_at', 'compared.right_version_at', 'right') }}
        end as pending_reason,
        case when compared.leg_id = 'cash.applied' then {{ due_at('compared.event_at') }} end as due_at
    from compared
    inner join leg on compared.leg_id = leg.leg_id
)

select
    'cash' as rule_id,
    leg_id as leg,
    'amount' as measure,
    case when pending_reason is not null then 'timing' else 'break' end as kind,
    break_class,
    grain_key,
    qtc_id,
    contract_id,
    customer_id,
    legal_entity_id,
    coalesce(region, 'unassigned') as region,
    'cash' as workflow_stage,
    period,
    currency,
    left_instance as left_system,
    left_ref,
    cast(left_amount as decimal(18, 4)) as left_amount,
    right_instance as right_system,
    right_ref,
    cast(right_amount as decimal(18, 4)) as right_amount,
    cast(difference as decimal(18, 4)) as difference,
    cast(case when break_class = 'unapplied_payment' then difference end as decimal(18, 4)) as blocked_amount,
    event_at,
    due_at,
    pending_reason,
    case break_class
        when 'unapplied_payment' then 'money received settles no invoice yet'
        when 'over_applied' then 'more is applied than was received'
        else 'payment and ledger hold different cash'
    end as failure_reason,
    case break_class
        when 'over_applied' then 'payment:' || grain_key
        when 'subledger_mismatch' then leg_id || ':' || grain_key
    end as exposure_item,
    cast(abs(difference) as decimal(18, 4)) as exposure_amount,
    currency as exposure_currency,
    'misstatement' as exposure_base
from named
