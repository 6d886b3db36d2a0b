{{ control_totals('netsuite', 'customer', currency='currency') }}
