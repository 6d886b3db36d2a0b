with contribution as (
    {{- contributions('time_entry', [
        'system_role', 'counterpart_source_id', 'project_id', 'resource_id', 'role_code', 'work_date',
        'minutes', 'is_billable', 'is_approved', 'approved_at', 'rate', 'currency', 'is_on_hold',
        'is_written_off', 'written_off_date', 'is_credited', 'submitted_at'
    ]) }}
),

-- A rate is looked up once per day and country it can apply to, not once per entry; a rate of the country goes first.
priced_day as (
    select distinct
        project_link.contract_id,
        contribution.role_code,
        contribution.work_date,
        coalesce(resource.country, '') as country
    from contribution
    left join {{ ref('core_resource') }} as resource on contribution.resource_id = resource.resource_id
    inner join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
    inner join {{ ref('core_contract') }} as contract on project_link.contract_id = contract.contract_id
    where contribution.system_role = 'psa' and contract.billing_type = 'time_and_materials'
),

contract_rate as (
    select
        priced_day.contract_id,
        priced_day.role_code,
        priced_day.work_date,
        priced_day.country,
        rate_card.rate
    from priced_day
    inner join {{ ref('core_rate_card') }} as rate_card
        on
            priced_day.contract_id = rate_card.contract_id
            and priced_day.role_code = rate_card.role_code
            and priced_day.work_date >= rate_card.effective_from
            and (rate_card.effective_to is null or priced_day.work_date <= rate_card.effective_to)
            and (rate_card.country is null or priced_day.country = rate_card.country)
    qualify
        row_number() over (
            partition by priced_day.contract_id, priced_day.role_code, priced_day.work_date, priced_day.country
            order by
                case when rate_card.country is null then 1 else 0 end,
                rate_card.effective_from desc nulls last,
                rate_card.rate_card_id desc nulls last
        ) = 1
),

worked_day as (
    select distinct
        resource_id,
        work_date
    from contribution
    where resource_id is not null and work_date is not null
),

cost_rate as (
    select
        worked_day.resource_id,
        worked_day.work_date,
        cost_rate.rate
    from worked_day
    inner join {{ ref('core_cost_rate') }} as cost_rate
        on worked_day.resource_id = cost_rate.resource_id and worked_day.work_date >= cost_rate.effective_from
    qualify
        row_number() over (
            partition by worked_day.resource_id, worked_day.work_date
            order by cost_rate.effective_from desc nulls last, cost_rate.cost_rate_id desc nulls last
        ) = 1
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as time_entry_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.system_role,
    contribution.counterpart_source_id,
    contribution.project_id,
    project_link.contract_id,
    contribution.resource_id,
    contribution.role_code,
    contribution.work_date,
    {{ period_of('contribution.work_date') }} as period,
    contribution.minutes,
    contribution.is_billable,
    contribution.is_approved,
    contribution.approved_at,
    contribution.rate,
    contribution.currency,
    coalesce(project.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.is_on_hold,
    contribution.is_written_off,
    contribution.written_off_date,
    contribution.is_credited,
    contribution.submitted_at,
    case contribution.system_role
        when 'erp' then {{ psa_record_key('project', 'contribution.counterpart_source_id') }}
    end as counterpart_id,
    cost_rate.rate as cost_rate,
    contract_rate.rate as contract_rate,
    {{ minutes_value('contribution.minutes', 'contract_rate.rate', 'contract_currency.minor_unit') }} as contract_value
from contribution
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
left join {{ ref('core_contract') }} as contract on project_link.contract_id = contract.contract_id
left join {{ ref('core_currency') }} as contract_currency on contract.currency = contract_currency.currency_id
left join {{ ref('core_resource') }} as resource on contribution.resource_id = resource.resource_id
left join contract_rate
    on
        project_link.contract_id = contract_rate.contract_id
        and contribution.role_code = contract_rate.role_code
        and contribution.work_date = contract_rate.work_date
        and coalesce(resource.country, '') = contract_rate.country
        and contribution.system_role = 'psa'
left join cost_rate on contribution.resource_id = cost_rate.resource_id and contribution.work_date = cost_rate.work_date
