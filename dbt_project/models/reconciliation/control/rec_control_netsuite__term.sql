{{ control_totals('netsuite', 'term') }}
