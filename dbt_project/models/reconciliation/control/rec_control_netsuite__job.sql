{{ control_totals('netsuite', 'job', currency='currency', amount=to_money(control_member('jobprice'))) }}
