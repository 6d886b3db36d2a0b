with contribution as (
    {{- contributions('project', [
        'system_role', 'name', 'status', 'is_cancelled', 'is_archived', 'is_internal', 'price_amount',
        'currency', 'legal_entity_id', 'customer_id', 'start_date', 'created_at', 'billing_type'
    ]) }}
),

referenced_opportunity as (
    {{- union_contributions('project_link', ['project_id', 'crm_instance', 'opportunity_ref']) }}
),

engagement as (
    select
        referenced_opportunity.project_id,
        min(opportunity.qtc_id) as qtc_id
    from referenced_opportunity
    inner join {{ ref('core_opportunity') }} as opportunity
        on
            referenced_opportunity.opportunity_ref = opportunity.source_id
            and (
                referenced_opportunity.crm_instance is null
                or referenced_opportunity.crm_instance = opportunity.source_instance
            )
    group by referenced_opportunity.project_id
),

-- the ERP names records of the PSA by their id alone: with several PSAs, the one that delivers the contract is meant
delivering as (
    select
        project_link.contract_id,
        min(contribution.source_instance) as psa_instance
    from contribution
    inner join {{ ref('core_project_link') }} as project_link
        on {{ record_key('contribution.source_instance', 'contribution.source_id') }} = project_link.project_id
    where contribution.system_role = 'psa'
    group by project_link.contract_id
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as project_id,
    {{ canonical_identity('contribution') }},
    coalesce(
        project_link.qtc_id,
        engagement.qtc_id,
        case
            when not contribution.is_internal then 'orphan:' || {{ record_key('contribution.source_instance', 'contribution.source_id') }}
        end
    ) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.system_role,
    contribution.name,
    contribution.status,
    contribution.is_cancelled,
    contribution.is_archived,
    contribution.is_internal,
    contribution.price_amount,
    contribution.currency,
    coalesce(contribution.legal_entity_id, nullif(contract.legal_entity_id, 'unassigned'), 'unassigned') as legal_entity_id,
    contribution.customer_id,
    contribution.start_date,
    contribution.created_at,
    contribution.billing_type,
    case contribution.system_role
        when 'psa' then contribution.source_instance
        else coalesce(delivering.psa_instance, {{ first_psa() }})
    end as psa_instance
from contribution
left join {{ ref('core_project_link') }} as project_link
    on {{ record_key('contribution.source_instance', 'contribution.source_id') }} = project_link.project_id
left join {{ ref('core_contract') }} as contract on project_link.contract_id = contract.contract_id
left join engagement on {{ record_key('contribution.source_instance', 'contribution.source_id') }} = engagement.project_id
left join delivering on project_link.contract_id = delivering.contract_id
