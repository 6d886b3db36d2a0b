with project_group as (
    select
        membership.source_instance,
        membership.workspace_id,
        min(legal_entity.legal_entity_id) as legal_entity_id,
        max(case when workspace_group.name = 'Internal' then 1 else 0 end) as is_internal
    from (
        select
            source_instance,
            source_id as workspace_id,
            {{ json_elements('workspace_group_ids') }} as workspace_group_id
        from {{ ref('stg_kantata__workspaces') }}
    ) as membership
    inner join {{ ref('stg_kantata__workspace_groups') }} as workspace_group
        on
            membership.source_instance = workspace_group.source_instance
            and membership.workspace_group_id = workspace_group.source_id
    left join {{ source('raw', 'qtc_legal_entity') }} as legal_entity
        on workspace_group.source_instance = legal_entity.instance and workspace_group.name = legal_entity.source_key
    group by membership.source_instance, membership.workspace_id
)

select
    {{ mapped_identity('kantata', 'workspaces', 'workspace') }},
    'psa' as system_role,
    workspace.title as name,
    {{ json_member('workspace.status', 'key') }} as status,
    coalesce({{ json_member('workspace.status', 'key') }} = 'cancelled', false) as is_cancelled,
    coalesce(workspace.is_archived, false) as is_archived,
    coalesce(project_group.is_internal, 0) = 1 as is_internal,
    workspace.price_amount,
    workspace.currency,
    project_group.legal_entity_id,
    cast(null as {{ dbt.type_string() }}) as customer_id,
    workspace.start_date,
    workspace.created_at,
    cast(null as {{ dbt.type_string() }}) as billing_type
from {{ ref('stg_kantata__workspaces') }} as workspace
left join project_group
    on workspace.source_instance = project_group.source_instance and workspace.source_id = project_group.workspace_id
where workspace.quarantine_reason is null
