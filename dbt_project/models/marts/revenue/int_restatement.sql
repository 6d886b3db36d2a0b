with movements as (
    select * from {{ ref('fct_movement') }}
),

published as (
    select * from {{ source('raw', 'qtc_published_movement') }}
),

rate_cards as (
    select * from {{ ref('core_rate_card') }}
),

entries as (
    select * from {{ ref('core_time_entry') }}
),

resources as (
    select * from {{ ref('core_resource') }}
),

projects as (
    select * from {{ ref('core_project') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

invoices as (
    select * from {{ ref('core_invoice') }}
),

payments as (
    select * from {{ ref('core_payment') }}
),

contracts as (
    select * from {{ ref('core_contract') }}
),

revenue as (
    select * from {{ ref('core_revenue_entry') }}
    where is_recognized
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

build as (
    select * from {{ source('raw', 'qtc_build') }}
),

last_published as (
    select
        stock,
        max(period) as period,
        max(source_load_id) as load_id
    from published
    group by stock
),

-- movements of periods before the last published one, as published and as they are now
changed as (
    select
        coalesce(movements.stock, published.stock) as stock,
        coalesce(movements.movement_id, published.movement_id) as movement_id,
        movements.movement_id is not null as is_current,
        published.movement_id is not null as is_published,
        movements.contract_id,
        movements.legal_entity_id,
        movements.currency,
        movements.period,
        movements.amount,
        movements.source_load_id,
        published.legal_entity_id as published_entity,
        published.currency as published_currency,
        published.period as published_period,
        published.amount as published_amount,
        published.source_load_id as published_load_id
    from movements
    full outer join published
        on movements.stock = published.stock and movements.movement_id = published.movement_id
    where
        movements.movement_id is null or published.movement_id is null
        or movements.amount <> published.amount or movements.period <> published.period
        or movements.legal_entity_id <> published.legal_entity_id or movements.currency <> published.currency
),

restated as (
    select
        changed.*,
        last_published.period as last_period,
        last_published.load_id as last_load_id
    from changed
    inner join last_published on changed.stock = last_published.stock
    where changed.period < last_published.period or changed.published_period < last_published.period
),

gone as (
    select
        movement_id,
        substr(movement_id, position(':' in movement_id) + 1) as record_id
    from restated
    where not is_current
),

live as (
    select gone.movement_id
    from gone
    inner join entries on gone.record_id = entries.time_entry_id
    union
    select gone.movement_id
    from gone
    inner join lines on gone.record_id = lines.invoice_line_id
    union
    select gone.movement_id
    from gone
    inner join invoices on gone.record_id = invoices.invoice_id
    union
    select gone.movement_id
    from gone
    inner join payments on gone.record_id = payments.payment_id
    union
    select gone.movement_id
    from gone
    inner join contracts on gone.record_id = contracts.contract_id
    union
    select gone.movement_id
    from gone
    inner join amendments on gone.record_id = amendments.contract_amendment_id
    union
    select gone.movement_id
    from gone
    inner join revenue on gone.record_id = revenue.revenue_entry_id
),

rate_load as (
    select
        contract_id,
        max(source_load_id) as load_id
    from rate_cards
    group by contract_id
),

-- the country of who worked decides which rate applies, the project whose work it is
around_load as (
    select
        entries.time_entry_id,
        greatest(coalesce(resources.source_load_id, ''), coalesce(projects.source_load_id, '')) as load_id
    from entries
    left join resources on entries.resource_id = resources.resource_id
    left join projects on entries.project_id = projects.project_id
),

caused as (
    select
        restated.*,
        case
            when not restated.is_published and restated.source_load_id > restated.last_load_id then 'late_entry'
            when not restated.is_current and live.movement_id is null then 'deletion'
            when not restated.is_current then 'correction'
            when restated.is_published and restated.source_load_id > restated.published_load_id then 'correction'
            -- an overrun follows the other movements of its contract
            when restated.movement_id like 'overrun:%' then 'correction'
            when restated.stock = 'unbilled' and rate_load.load_id > coalesce(restated.published_load_id, restated.last_load_id) then 'rate'
            when
                restated.stock = 'unbilled' and around_load.load_id > coalesce(restated.published_load_id, restated.last_load_id)
                then 'correction'
            -- no record moved, but the models that read them are not those of the publication
            when build.is_code_changed then 'rule_change'
            -- another line of the time entry came, moved or is gone: this one bills what that one did, and what is left is written off
            when
                restated.stock = 'unbilled' and (restated.movement_id like 'billed:%' or restated.movement_id like 'written_off:%')
                then 'correction'
            -- what a payment is applied to moved or is gone: it relieves at another rate
            when
                restated.stock = 'ar' and (restated.movement_id like 'payment:%' or restated.movement_id like 'reversal:%')
                then 'correction'
        end as cause
    from restated
    cross join build
    left join live on restated.movement_id = live.movement_id
    left join rate_load on restated.contract_id = rate_load.contract_id
    left join around_load on substr(restated.movement_id, position(':' in restated.movement_id) + 1) = around_load.time_entry_id
),

effects as (
    select
        stock,
        legal_entity_id,
        currency,
        last_period as period,
        cause,
        amount
    from caused
    where is_current and period < last_period
    union all
    select
        stock,
        published_entity as legal_entity_id,
        published_currency as currency,
        last_period as period,
        cause,
        -published_amount as amount
    from caused
    where is_published and published_period < last_period
)

select
    stock,
    legal_entity_id,
    currency,
    period,
    cause,
    cast(sum(amount) as decimal(18, 4)) as amount,
    cast(count(*) as integer) as changed_movements
from effects
group by stock, legal_entity_id, currency, period, cause
