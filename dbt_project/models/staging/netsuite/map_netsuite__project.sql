select
    {{ mapped_identity('netsuite', 'job', 'job') }},
    'erp' as system_role,
    job.name,
    job.status,
    coalesce(job.status = 'cancelled', false) as is_cancelled,
    coalesce(job.is_inactive, false) as is_archived,
    false as is_internal,
    job.price_amount,
    currency.currency_code as currency,
    legal_entity.legal_entity_id,
    {{ record_key('job.source_instance', 'job.customer_id') }} as customer_id,
    cast(null as date) as start_date,
    job.created_at,
    job.billing_type
from {{ ref('stg_netsuite__job') }} as job
left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
    on job.source_instance = legal_entity.instance and job.subsidiary_id = legal_entity.source_key
left join {{ ref('stg_netsuite__currency') }} as currency
    on job.source_instance = currency.source_instance and job.currency_id = currency.source_id
where job.quarantine_reason is null
