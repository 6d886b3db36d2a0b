with positions as (
    select * from {{ ref('int_contract_position') }}
),

build as (
    select * from {{ ref('int_build') }}
),

amendments as (
    select * from {{ ref('core_contract_amendment') }}
),

documents as (
    select * from {{ ref('int_posted_document') }}
),

lines as (
    select * from {{ ref('core_invoice_line') }}
),

signed as (
    select
        'signed:' || contract_id as movement_id,
        'signed' as movement_type,
        contract_id,
        signed_period as period,
        signed_date as event_date,
        signed_value as amount,
        source_load_id
    from positions
),

amended as (
    select
        'amendment:' || amendments.contract_amendment_id as movement_id,
        'amendment' as movement_type,
        positions.contract_id,
        {{ period_of('amendments.effective_date') }} as period,
        amendments.effective_date as event_date,
        amendments.amount,
        amendments.source_load_id
    from amendments
    inner join positions on amendments.contract_id = positions.contract_id and amendments.currency = positions.currency
    cross join build
    where amendments.is_approved and amendments.effective_date <= build.as_of_date
),

debooked as (
    select
        'de_booked:' || contract_id as movement_id,
        'de_booked' as movement_type,
        contract_id,
        {{ period_of('closed_date') }} as period,
        closed_date as event_date,
        -debooked_amount as amount,
        source_load_id
    from positions
    where debooked_amount <> 0
),

billed as (
    select
        'billed:' || documents.invoice_id as movement_id,
        'billed' as movement_type,
        positions.contract_id,
        documents.period,
        max(documents.issue_date) as event_date,
        -sum(lines.net_amount) as amount,
        greatest(max(documents.source_load_id), max(lines.source_load_id)) as source_load_id
    from documents
    inner join positions on documents.contract_id = positions.contract_id and documents.currency = positions.currency
    inner join lines on documents.invoice_id = lines.invoice_id
    cross join build
    where {{ is_fee('lines.source_type') }} and documents.period <= build.as_of_period
    group by documents.invoice_id, positions.contract_id, documents.period
),

dated as (
    select * from signed
    union all
    select * from amended
    union all
    select * from debooked
    union all
    select * from billed
),

-- what is billed beyond the value at each event does not make backlog negative
running as (
    select
        dated.*,
        greatest(-sum(amount) over (
            partition by contract_id order by period asc nulls last, event_date asc nulls last, movement_id asc nulls last
            rows between unbounded preceding and current row
        ), 0) as overrun,
        max(source_load_id) over (partition by contract_id) as contract_load_id
    from dated
),

overrun as (
    select
        'overrun:' || movement_id as movement_id,
        'overrun' as movement_type,
        contract_id,
        period,
        event_date,
        overrun - coalesce(lag(overrun) over (
            partition by contract_id order by period asc nulls last, event_date asc nulls last, movement_id asc nulls last
        ), 0) as amount,
        contract_load_id as source_load_id
    from running
),

movements as (
    select * from dated
    union all
    select * from overrun
    where amount <> 0
)

select
    'backlog' as stock,
    movements.movement_id,
    movements.movement_type,
    movements.contract_id,
    positions.legal_entity_id,
    positions.currency,
    movements.period,
    movements.event_date,
    cast(movements.amount as decimal(18, 4)) as amount,
    greatest(movements.source_load_id, positions.source_load_id) as source_load_id
from movements
inner join positions on movements.contract_id = positions.contract_id
