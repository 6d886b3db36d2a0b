with contribution as (
    {{- contributions('invoice_line', [
        'invoice_id', 'line_number', 'source_type', 'source_item_id', 'psa_source_id', 'minutes', 'net_amount',
        'functional_amount', 'currency', 'is_posted'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as invoice_line_id,
    {{ canonical_identity('contribution') }},
    invoice.qtc_id,
    {{ canonical_version('contribution') }},
    contribution.invoice_id,
    contribution.line_number,
    contribution.source_type,
    coalesce(contribution.source_item_id, {{ psa_record_key('project', 'contribution.psa_source_id') }}) as source_item_id,
    contribution.minutes,
    contribution.net_amount,
    contribution.functional_amount,
    contribution.currency,
    contribution.is_posted
from contribution
left join {{ ref('core_invoice') }} as invoice on contribution.invoice_id = invoice.invoice_id
left join {{ ref('core_project') }} as project on invoice.project_id = project.project_id
