{{ control_totals('salesforce', 'ContractHistory') }}
