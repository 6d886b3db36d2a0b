select
    {{ mapped_identity('salesforce', 'Contract_Role_Demand__c', 'demand') }},
    {{ record_key('demand.source_instance', 'demand.contract_id') }} as contract_id,
    demand.role_code,
    demand.minutes,
    demand.start_date,
    demand.end_date
from {{ ref('stg_salesforce__contract_role_demand') }} as demand
where demand.quarantine_reason is null
