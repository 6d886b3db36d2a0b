{{ control_totals('netsuite', 'currency') }}
