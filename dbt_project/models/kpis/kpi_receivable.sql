with receivables as (
    select * from {{ ref('fct_receivable') }}
)

select
    period,
    legal_entity_id,
    region,
    practice,
    currency,
    document_type,
    age_bucket,
    count(*) as documents,
    cast(sum(gross_amount) as decimal(24, 4)) as gross_amount,
    cast(sum(open_amount) as decimal(24, 4)) as open_amount,
    cast(sum(open_reporting) as decimal(24, 4)) as open_reporting
from receivables
group by period, legal_entity_id, region, practice, currency, document_type, age_bucket
