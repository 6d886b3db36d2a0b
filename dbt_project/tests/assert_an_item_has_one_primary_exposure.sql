-- Exposure is additive: every source item that an exception claims has exactly one primary.
with items as (
    select * from {{ ref('rec_exposure_item') }}
)

select
    item_key,
    sum(case when is_primary then 1 else 0 end) as primaries
from items
group by item_key
having sum(case when is_primary then 1 else 0 end) <> 1
