with terms as (
    select * from {{ ref('rec_billing_terms') }}
    where kind in ('break', 'condition')
),

completeness as (
    select * from {{ ref('rec_completeness_row') }}
    where kind = 'break'
),

standing as (
    select * from {{ ref('int_time_value') }}
    where unbilled_value > 0
)

-- without a purchase order nothing that waits can be billed
select
    terms.rule_id,
    terms.leg,
    terms.grain_key,
    terms.break_class,
    'time_entry:' || standing.item_key as item_key,
    standing.unbilled_value as amount,
    standing.currency,
    'delay' as base
from terms
inner join standing on terms.contract_id = standing.contract_id
where terms.break_class = 'missing_purchase_order'
union all
select
    rule_id,
    leg,
    grain_key,
    break_class,
    'purchase_order:' || grain_key as item_key,
    left_amount - right_amount as amount,
    currency,
    'delay' as base
from terms
where break_class = 'purchase_order_overrun'
union all
select
    rule_id,
    leg,
    grain_key,
    break_class,
    'invoice:' || grain_key || ':' || break_class as item_key,
    0 as amount,
    currency,
    'control' as base
from terms
where break_class = 'stale_terms_invoiced'
union all
-- nobody knows what the records would have said
select distinct
    rule_id,
    leg,
    grain_key,
    break_class,
    'load:' || grain_key as item_key,
    cast(null as decimal(18, 4)) as amount,
    cast(null as {{ dbt.type_string() }}) as currency,
    'misstatement' as base
from completeness
