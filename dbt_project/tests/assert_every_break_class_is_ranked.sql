-- A class without a rank would never be primary, and nobody would own it. Asked of the rules' rows, before any is an exception.
with found as (
    select distinct break_class from {{ ref('rec_row') }}
    where kind in ('break', 'condition')
),

classes as (
    select * from {{ ref('rule_class') }}
)

select found.break_class
from found
left join classes on found.break_class = classes.break_class
where classes.rank is null or classes.owner_role is null or classes.base is null
