with contribution as (
    {{- contributions('gl_entry', [
        'transaction_source_id', 'document_type', 'document_id', 'gl_account_id', 'project_id',
        'legal_entity_id', 'posting_period', 'amount'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as gl_entry_id,
    {{ canonical_identity('contribution') }},
    project.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.transaction_source_id,
    contribution.document_type,
    contribution.document_id,
    contribution.gl_account_id,
    coalesce(gl_account.account_type, 'other') as account_type,
    coalesce(contribution.legal_entity_id, 'unassigned') as legal_entity_id,
    contribution.posting_period,
    contribution.amount,
    legal_entity.functional_currency,
    project_link.contract_id
from contribution
left join {{ ref('core_gl_account') }} as gl_account on contribution.gl_account_id = gl_account.gl_account_id
left join {{ ref('core_legal_entity') }} as legal_entity on contribution.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_project') }} as project on contribution.project_id = project.project_id
left join {{ ref('core_project_link') }} as project_link on contribution.project_id = project_link.project_id
