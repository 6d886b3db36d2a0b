-- A class without a rank would never be primary, and nobody would own it.
with breaks as (
    select * from {{ ref('rec_break') }}
)

select
    break_class,
    count(*) as exceptions
from breaks
where rank is null or owner_role is null or base is null
group by break_class
