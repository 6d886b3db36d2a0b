select
    {{ mapped_identity('kantata', 'external_references', 'reference') }},
    {{ record_key('reference.source_instance', 'reference.subject_id') }} as project_id,
    cast(null as {{ dbt.type_string() }}) as crm_instance,
    reference.service_model_ref as opportunity_ref,
    cast(null as {{ dbt.type_string() }}) as contract_id,
    case reference.service_model when 'Opportunity' then 'root' when 'OpportunityPhase' then 'additional_phase' end as link_role,
    'external_reference' as method
from {{ ref('stg_kantata__external_references') }} as reference
where
    reference.quarantine_reason is null
    and reference.service_name = 'salesforce'
    and reference.service_model in ('Opportunity', 'OpportunityPhase')
    and reference.subject_type = 'Workspace'
