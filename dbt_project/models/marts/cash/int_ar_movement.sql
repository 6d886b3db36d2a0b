with receivables as (
    select * from {{ ref('int_receivable') }}
),

build as (
    select * from {{ ref('int_build') }}
)

select
    'ar' as stock,
    receivables.movement_type || ':' || receivables.document_key as movement_id,
    receivables.movement_type,
    receivables.contract_id,
    receivables.legal_entity_id,
    receivables.currency,
    receivables.period,
    receivables.event_date,
    receivables.amount,
    receivables.source_load_id
from receivables
cross join build
where receivables.period <= build.as_of_period and receivables.amount <> 0
