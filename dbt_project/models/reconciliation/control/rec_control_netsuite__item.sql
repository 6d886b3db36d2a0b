{{ control_totals('netsuite', 'item') }}
