with contribution as (
    {{- union_contributions('project_link', identity_columns() + [
        'project_id', 'crm_instance', 'opportunity_ref', 'contract_id', 'link_role', 'method'
    ]) }}
),

executed_contract as (
    select
        contract_id,
        opportunity_id,
        source_instance,
        qtc_id
    from {{ ref('core_contract') }}
    where is_executed
    qualify
        row_number() over (
            partition by opportunity_id order by signed_date nulls last, contract_id nulls last
        ) = 1
),

resolved as (
    select
        c.source_vendor,
        c.source_instance,
        c.source_entity,
        c.source_id,
        c.version_at,
        c.loaded_at,
        c.source_load_id,
        c.project_id,
        c.link_role,
        c.method,
        coalesce(c.contract_id, executed_contract.contract_id) as contract_id
    from contribution as c
    left join {{ ref('core_opportunity') }} as opportunity
        on
            c.opportunity_ref = opportunity.source_id
            and (c.crm_instance is null or c.crm_instance = opportunity.source_instance)
    left join executed_contract on opportunity.opportunity_id = executed_contract.opportunity_id
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as project_link_id,
    {{ canonical_identity('c') }},
    contract.qtc_id,
    {{ canonical_version('c') }},
    c.project_id,
    c.contract_id,
    c.link_role,
    c.method
from resolved as c
inner join {{ ref('core_contract') }} as contract on c.contract_id = contract.contract_id
qualify
    row_number() over (
        partition by c.project_id
        order by
            case c.link_role when 'root' then 0 else 1 end,
            c.version_at nulls last,
            c.source_id nulls last,
            c.contract_id nulls last
    ) = 1
