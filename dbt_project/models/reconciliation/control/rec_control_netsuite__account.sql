{{ control_totals('netsuite', 'account') }}
