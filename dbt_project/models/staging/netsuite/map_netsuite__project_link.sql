select
    {{ mapped_identity('netsuite', 'job', 'job') }},
    {{ record_key('job.source_instance', 'job.source_id') }} as project_id,
    cast(null as {{ dbt.type_string() }}) as crm_instance,
    job.sf_opportunity_id as opportunity_ref,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    'root' as link_role,
    'custom_field' as method
from {{ ref('stg_netsuite__job') }} as job
where job.quarantine_reason is null and job.sf_opportunity_id is not null
