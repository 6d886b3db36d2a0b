with contribution as (
    {{- contributions('gl_account', [
        'number', 'account_type', 'name'
    ]) }}
)

select
    {{ record_key('contribution.source_instance', 'contribution.source_id') }} as gl_account_id,
    {{ canonical_identity('contribution') }},
    cast(null as {{ dbt.type_string() }}) as qtc_id,
    {{ canonical_version('contribution') }},
    contribution.number,
    contribution.account_type,
    contribution.name
from contribution
