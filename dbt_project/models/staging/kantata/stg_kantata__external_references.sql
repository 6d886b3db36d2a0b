with latest as (
    {{ latest_version(ref('base_kantata__external_references')) }}
)

select
    {{ staged_identity() }},
    service_name,
    service_model,
    service_model_ref,
    subject_type,
    subject_id,
    status,
    {{ to_timestamp('updated_at') }} as updated_at,
    {{ quarantine_reason(timestamps=['updated_at']) }} as quarantine_reason
from latest
