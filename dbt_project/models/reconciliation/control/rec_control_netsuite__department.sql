{{ control_totals('netsuite', 'department') }}
