with backlog as (
    select * from {{ ref('int_backlog_movement') }}
),

unbilled as (
    select * from {{ ref('int_unbilled_movement') }}
),

receivable as (
    select * from {{ ref('int_ar_movement') }}
),

contract_position as (
    select * from {{ ref('int_position_movement') }}
),

movements as (
    select * from backlog
    union all
    select * from unbilled
    union all
    select * from receivable
    union all
    select * from contract_position
)

select
    stock,
    movement_id,
    movement_type,
    contract_id,
    legal_entity_id,
    currency,
    period,
    event_date,
    amount,
    source_load_id
from movements
