with contribution as (
    {{- union_contributions('gl_entry', identity_columns() + [
        'transaction_source_id', 'document_type', 'document_id', 'gl_account_id', 'project_id',
        'legal_entity_id', 'posting_period', 'amount'
    ]) }}
)

select
    {{ record_key('c.source_instance', 'c.source_id') }} as gl_entry_id,
    {{ canonical_identity('c') }},
    project.qtc_id,
    {{ canonical_version('c') }},
    c.transaction_source_id,
    c.document_type,
    c.document_id,
    c.gl_account_id,
    coalesce(gl_account.account_type, 'other') as account_type,
    coalesce(c.legal_entity_id, 'unassigned') as legal_entity_id,
    c.posting_period,
    c.amount,
    legal_entity.functional_currency
from contribution as c
left join {{ ref('core_gl_account') }} as gl_account on c.gl_account_id = gl_account.gl_account_id
left join {{ ref('core_legal_entity') }} as legal_entity on c.legal_entity_id = legal_entity.legal_entity_id
left join {{ ref('core_project') }} as project on c.project_id = project.project_id
