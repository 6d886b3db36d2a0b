select
    source_vendor,
    source_instance,
    source_entity,
    source_id,
    version_at,
    loaded_at,
    source_load_id,
    project_id,
    resource_id,
    expense_date,
    amount,
    currency,
    category,
    is_billable,
    is_approved,
    approved_at,
    cost_centre,
    vendor_name
from {{ ref('int_kantata__cost') }}
where is_subcontracted
