with contribution as (
    {{- contributions('project_link', [
        'project_id', 'crm_instance', 'opportunity_ref', 'contract_id', 'link_role', 'method'
    ]) }}
),

executed_contract as (
    select
        contract_id,
        opportunity_id
    from {{ ref('core_contract') }}
    where is_executed
    qualify
        row_number() over (
            partition by opportunity_id order by contract_id nulls last
        ) = 1
),

resolved as (
    select
        contribution.source_vendor,
        contribution.source_instance,
        contribution.source_entity,
        contribution.source_id,
        contribution.version_at,
        contribution.loaded_at,
        contribution.source_load_id,
        contribution.project_id,
        contribution.link_role,
        contribution.method,
        coalesce(contribution.contract_id, executed_contract.contract_id, changed_contract.contract_id) as contract_id
    from contribution
    left join {{ ref('core_opportunity') }} as opportunity
        on
            contribution.opportunity_ref = opportunity.source_id
            and (contribution.crm_instance is null or contribution.crm_instance = opportunity.source_instance)
    left join executed_contract on opportunity.opportunity_id = executed_contract.opportunity_id
    left join executed_contract as changed_contract
        on opportunity.parent_opportunity_id = changed_contract.opportunity_id
)

select
    {{ record_key('resolved.source_instance', 'resolved.source_id') }} as project_link_id,
    {{ canonical_identity('resolved') }},
    contract.qtc_id,
    {{ canonical_version('resolved') }},
    resolved.project_id,
    resolved.contract_id,
    resolved.link_role,
    resolved.method
from resolved
inner join {{ ref('core_contract') }} as contract on resolved.contract_id = contract.contract_id
qualify
    row_number() over (
        partition by resolved.project_id
        order by
            case resolved.link_role when 'root' then 0 else 1 end,
            resolved.version_at nulls last,
            resolved.source_id nulls last,
            resolved.contract_id nulls last
    ) = 1
