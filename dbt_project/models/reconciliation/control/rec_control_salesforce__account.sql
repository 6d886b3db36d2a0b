{{ control_totals('salesforce', 'Account', currency='CurrencyIsoCode') }}
