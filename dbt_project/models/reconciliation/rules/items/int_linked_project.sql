with leg as (
    select * from {{ ref('int_leg') }}
    where leg_id in ('activation.psa', 'activation.erp') and is_applicable
),

projects as (
    select * from {{ ref('core_project') }}
),

links as (
    select * from {{ ref('core_project_link') }}
),

positions as (
    select * from {{ ref('int_contract_position') }}
),

-- a project resolves to one contract, a root link wins over a declared phase; a contract signed after as of is none yet, but
-- a phase declared under it is no engagement of its own
resolved as (
    select
        links.project_id,
        positions.contract_id,
        case when positions.contract_id is not null or links.link_role = 'additional_phase' then links.link_role end as link_role,
        positions.qtc_id,
        positions.customer_id,
        positions.region,
        positions.legal_entity_id,
        positions.signed_period,
        row_number() over (
            partition by links.project_id
            order by
                case when links.link_role = 'root' then 0 else 1 end asc,
                links.contract_id asc nulls last,
                links.project_link_id asc nulls last
        ) as link_rank
    from links
    left join positions on links.contract_id = positions.contract_id
)

select
    leg.leg_id,
    projects.project_id,
    projects.system_role,
    projects.source_instance,
    projects.name,
    projects.status,
    projects.is_internal,
    projects.price_amount,
    projects.currency,
    -- a linked project counts where its contract does: who delivers is another question
    coalesce(resolved.legal_entity_id, projects.legal_entity_id) as legal_entity_id,
    coalesce(projects.legal_entity_id = resolved.legal_entity_id, false) as is_at_home,
    coalesce(resolved.qtc_id, projects.qtc_id) as qtc_id,
    coalesce(resolved.customer_id, projects.customer_id) as customer_id,
    resolved.contract_id,
    resolved.link_role,
    resolved.region,
    coalesce(
        resolved.signed_period,
        {{ period_of('coalesce(cast(projects.created_at as date), projects.start_date)') }},
        leg.as_of_period
    ) as period,
    coalesce(projects.created_at, projects.version_at) as created_at,
    projects.version_at
from projects
inner join leg on leg.leg_id = 'activation.' || projects.system_role
left join resolved on projects.project_id = resolved.project_id and resolved.link_rank = 1
where not projects.is_cancelled
