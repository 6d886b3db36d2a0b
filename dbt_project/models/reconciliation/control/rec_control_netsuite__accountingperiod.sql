{{ control_totals('netsuite', 'accountingperiod') }}
