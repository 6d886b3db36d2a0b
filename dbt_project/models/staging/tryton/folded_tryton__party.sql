select
    party.source_instance,
    party.source_id
from {{ ref('stg_tryton__party_party') }} as party
left join {{ ref('map_tryton__customer') }} as customer
    on party.source_instance = customer.source_instance and party.source_id = customer.source_id
where party.quarantine_reason is null and customer.source_id is null
