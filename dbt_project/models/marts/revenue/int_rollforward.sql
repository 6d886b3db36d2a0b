with closings as (
    select * from {{ ref('int_closing') }}
),

movements as (
    select * from {{ ref('fct_movement') }}
),

published as (
    select * from {{ source('raw', 'qtc_published_movement') }}
),

moved as (
    select
        stock,
        legal_entity_id,
        currency,
        period,
        sum(amount) as amount
    from movements
    group by stock, legal_entity_id, currency, period
),

last_published as (
    select
        stock,
        max(period) as period
    from published
    group by stock
),

published_before as (
    select
        published.stock,
        published.legal_entity_id,
        published.currency,
        sum(published.amount) as amount
    from published
    inner join last_published on published.stock = last_published.stock and published.period < last_published.period
    group by published.stock, published.legal_entity_id, published.currency
),

sequenced as (
    select
        closings.*,
        coalesce(lag(closings.closing) over (
            partition by closings.stock, closings.legal_entity_id, closings.currency order by closings.period asc nulls last
        ), closings.opening_balance) as counted_opening
    from closings
)

select
    sequenced.stock,
    sequenced.legal_entity_id,
    sequenced.currency,
    sequenced.period,
    coalesce(sequenced.period = last_published.period, false) as is_published_opening,
    cast(
        case
            when sequenced.period = last_published.period then sequenced.opening_balance + coalesce(published_before.amount, 0)
            else sequenced.counted_opening
        end as decimal(18, 4)
    ) as opening,
    cast(coalesce(moved.amount, 0) as decimal(18, 4)) as moved,
    sequenced.closing
from sequenced
left join moved
    on
        sequenced.stock = moved.stock and sequenced.legal_entity_id = moved.legal_entity_id
        and coalesce(sequenced.currency, '') = coalesce(moved.currency, '') and sequenced.period = moved.period
left join last_published on sequenced.stock = last_published.stock
left join published_before
    on
        sequenced.stock = published_before.stock and sequenced.legal_entity_id = published_before.legal_entity_id
        and coalesce(sequenced.currency, '') = coalesce(published_before.currency, '')
