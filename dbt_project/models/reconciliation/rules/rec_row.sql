with rows_of_rules as (
    {{- union_rules([
        'rec_activation', 'rec_contract_value', 'rec_approved_time', 'rec_invoice_integrity_lines', 'rec_invoice_integrity_tax',
        'rec_invoice_integrity_unique', 'rec_invoice_integrity_items', 'rec_ar_to_gl', 'rec_revenue_gl', 'rec_rollforward',
        'rec_customer_master', 'rec_billing_terms', 'rec_staffing', 'rec_lifecycle_order', 'rec_completeness_row',
        'rec_bill_rate', 'rec_expense', 'rec_milestone', 'rec_cash', 'rec_revenue_subledger', 'rec_revenue_position'
    ]) }}
)

select * from rows_of_rules
