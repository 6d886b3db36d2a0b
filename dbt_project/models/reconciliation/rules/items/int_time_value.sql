with items as (
    select * from {{ ref('int_time_item') }}
    where is_eligible and contract_value is not null
),

contracts as (
    select * from {{ ref('core_contract') }}
),

currencies as (
    select * from {{ ref('core_currency') }}
),

-- what is billed of an entry, at the contract's rate; billed twice is billed once here
billed as (
    select
        items.*,
        contracts.cap_amount,
        case
            when items.posted_minutes <= 0 then cast(0 as decimal(18, 4))
            when items.posted_minutes >= items.minutes then items.contract_value
            else {{ minutes_value('items.posted_minutes', 'items.contract_rate', 'currencies.minor_unit') }}
        end as billed_value
    from items
    inner join contracts on items.contract_id = contracts.contract_id
    left join currencies on contracts.currency = currencies.currency_id
),

open_value as (
    select
        billed.*,
        case when is_written_off then contract_value - billed_value else 0 end as written_off_value,
        case when is_written_off then 0 else contract_value - billed_value end as unbilled_gross
    from billed
),

used as (
    select
        contract_id,
        sum(billed_value + written_off_value) as used_value
    from open_value
    where cap_amount is not null
    group by contract_id
),

-- what is billed or written off uses the cap first, then open entries in the order of their work
running as (
    select
        open_value.item_key,
        open_value.cap_amount,
        used.used_value,
        sum(open_value.unbilled_gross) over (
            partition by open_value.contract_id
            order by open_value.work_date asc nulls last, open_value.source_id asc nulls last
            rows between unbounded preceding and current row
        ) as open_so_far
    from open_value
    inner join used on open_value.contract_id = used.contract_id
    where open_value.unbilled_gross > 0
),

capped as (
    select
        item_key,
        used_value + open_so_far - cap_amount as excess
    from running
),

split as (
    select
        open_value.*,
        case
            when capped.excess is null or capped.excess <= 0 then 0
            when capped.excess >= open_value.unbilled_gross then open_value.unbilled_gross
            else capped.excess
        end as over_cap_value
    from open_value
    left join capped on open_value.item_key = capped.item_key
)

select
    item_key,
    source_id,
    project_id,
    contract_id,
    qtc_id,
    customer_id,
    legal_entity_id,
    region,
    role_code,
    work_date,
    period,
    minutes,
    posted_minutes,
    currency,
    has_right,
    right_rows,
    is_on_hold,
    is_written_off,
    written_off_date,
    draft_lines > 0 as is_on_draft,
    approved_at,
    version_at,
    source_load_id,
    posted_lines,
    contract_rate,
    cast(contract_value as decimal(18, 4)) as contract_value,
    cast(billed_value as decimal(18, 4)) as billed_value,
    cast(written_off_value as decimal(18, 4)) as written_off_value,
    cast(over_cap_value as decimal(18, 4)) as over_cap_value,
    cast(unbilled_gross - over_cap_value as decimal(18, 4)) as unbilled_value
from split
