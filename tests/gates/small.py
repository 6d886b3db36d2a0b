"""A warehouse small enough to read: four contracts of two companies; views compute the control tables from them.

A test breaks one thing and looks which gate turns red. Views keep the other gates honest: what the broken thing does
not touch stays green by computation, not by decree.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from qtc_pipeline.gates.evaluate import GateResult, evaluate
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Instance, LegalEntity, Settings, Tolerances
from qtc_pipeline.transform.legs import legs_of

AS_OF = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)

SQL = """
create schema raw; create schema canonical; create schema reconciliation; create schema marts; create schema kpis;
create schema seeds; create schema small;

create table raw.qtc_build as select '{build_id}' as build_id;
create table raw.qtc_load (
    load_id varchar, entity varchar, instance varchar, read_through timestamp, completed_at timestamp
);
insert into raw.qtc_load values
    ('l1', 'Contract', 'crm', '2026-06-30 22:00:00', '2026-06-30 22:01:00'),
    ('l2', 'workspaces', 'psa', '2026-06-30 22:00:00', '2026-06-30 22:01:00'),
    ('l3', 'transaction', 'erp', '2026-06-30 22:00:00', '2026-06-30 22:01:00');
create table raw.salesforce__contract (
    record_id varchar, legal_entity_id varchar, currency varchar, amount decimal(18,4)
);
insert into raw.salesforce__contract values
    ('c1', 'US', 'USD', 100), ('c2', 'US', 'USD', 250), ('c3', 'DE', 'EUR', 70), ('c4', 'DE', 'EUR', 80);
create table raw.kantata__workspaces as select 1 as record_id;
create table raw.netsuite__transaction as select 1 as record_id;

-- E0: the source's own counts, on another query path
create table small.source_count (instance varchar, entity varchar, currency varchar, counted decimal(38,4));
insert into small.source_count values
    ('crm', 'Contract', 'USD', 2), ('crm', 'Contract', 'EUR', 2), ('psa', 'workspaces', '', 4),
    ('erp', 'transaction', '', 9);
create table small.raw_count (instance varchar, entity varchar, currency varchar, total decimal(38,4));
insert into small.raw_count values ('psa', 'workspaces', '', 4), ('erp', 'transaction', '', 9);
create view reconciliation.rec_completeness as
with counted as (
    select * from small.raw_count
    union all
    select 'crm', 'Contract', currency, count(*) from raw.salesforce__contract group by currency
)
select
    s.instance, s.entity, s.currency, 'count' as measure, s.counted as source_before, s.counted as source_after,
    coalesce(r.total, 0) as raw_total, 0::decimal(38,4) as changed_during_read,
    s.counted - coalesce(r.total, 0) as difference, s.counted = coalesce(r.total, 0) as is_explained
from small.source_count as s left join counted as r using (instance, entity, currency);
create table small.legal_entity as select * from (values ('US'), ('DE')) as t(legal_entity_id);
create view reconciliation.rec_scope_anchor as
select
    'legal_entity' as kind, legal_entity_id as value, 'crm' as instance,
    legal_entity_id in (select legal_entity_id from raw.salesforce__contract) as seen
from small.legal_entity;

-- E1: raw against canonical
create table canonical.core_contract as
select *, 'salesforce' as source_vendor, 'Contract' as source_entity, '2026-05' as period from raw.salesforce__contract;
create view reconciliation.rec_conservation as
with r as (select currency, sum(amount) as total from raw.salesforce__contract group by 1),
c as (select currency, sum(amount) as total from canonical.core_contract group by 1)
select
    'crm' as instance, 'salesforce' as vendor, 'Contract' as entity, currency, '' as period, 'amount' as measure,
    r.total as raw_total, c.total as canonical_total, 0::decimal(38,4) as quarantined,
    coalesce(r.total, 0) - coalesce(c.total, 0) as difference
from r full outer join c using (currency);

-- E2: contracts against projects; a row that differs is named by a positive predicate or stays unexplained
create table small.project as select record_id, amount from raw.salesforce__contract;
create table small.amendment (record_id varchar, amount decimal(18,4));
create view reconciliation.rec_row as
select
    'contract_value' as rule_id, 'contract_value.psa' as leg, 'amount' as measure,
    case when c.amount - p.amount = a.amount then 'break' else 'unexplained' end as kind,
    case when c.amount - p.amount = a.amount then 'amendment_not_propagated' end as break_class,
    c.record_id as grain_key, c.period, c.legal_entity_id, c.currency, c.amount - p.amount as difference
from canonical.core_contract as c
inner join small.project as p using (record_id)
left join small.amendment as a using (record_id)
where c.amount <> p.amount;
create view reconciliation.rec_total as
with l as (
    select period, legal_entity_id, currency, sum(amount) as total from canonical.core_contract group by all
),
r as (
    select period, legal_entity_id, currency, sum(p.amount) as total
    from canonical.core_contract inner join small.project as p using (record_id) group by all
),
d as (
    select
        period, legal_entity_id, currency, sum(difference) filter (kind = 'break') as break_total,
        sum(difference) filter (kind = 'unexplained') as unexplained_total,
        count(*) filter (kind = 'unexplained') as unexplained_rows,
        sum(abs(difference)) filter (kind = 'unexplained') as unexplained_abs
    from reconciliation.rec_row group by all
)
select
    'contract_value' as rule_id, 'contract_value.psa' as leg, 'amount' as measure, period, legal_entity_id, currency,
    l.total as left_total, r.total as right_total, l.total - r.total as difference,
    coalesce(break_total, 0) as break_total, 0::decimal(38,4) as timing_total, 0::decimal(38,4) as reconciling_total,
    coalesce(unexplained_total, 0) as unexplained_total, coalesce(unexplained_rows, 0) as unexplained_rows,
    coalesce(unexplained_abs, 0) as unexplained_abs
from l inner join r using (period, legal_entity_id, currency) left join d using (period, legal_entity_id, currency);
create table small.exposure (
    leg varchar, base varchar, period varchar, legal_entity_id varchar, exposure_reporting decimal(18,4)
);
create view reconciliation.rec_break as
select
    'e' || row_number() over () as exception_id, split_part(leg, '.', 1) as rule_id, leg, 'break' as kind,
    'amendment_not_propagated' as break_class, 'c' || row_number() over () as grain_key, base, 11 as rank,
    'sales' as owner_role, 5 as sla_days, exposure_reporting as exposure_amount, exposure_reporting,
    null::decimal(18,4) as blocked_amount, exposure_reporting as difference, 'USD' as exposure_currency, null as qtc_id,
    null as customer_id, null as contract_id, legal_entity_id, null as region, 'billing' as workflow_stage, period,
    'the amendment is not in the project' as failure_reason, null as left_ref, null as right_ref
from small.exposure;
create table seeds.rule_class as select 'amendment_not_propagated' as break_class, 11 as rank;
create table canonical.core_accounting_period (legal_entity_id varchar, period varchar, is_closed boolean);

-- E3: marts against canonical
create table marts.fct_backlog as
select record_id, legal_entity_id, period, amount as backlog from canonical.core_contract;
create table kpis.kpi_backlog as select legal_entity_id, sum(backlog) as backlog from marts.fct_backlog group by all;
create table marts.fct_unbilled_time as
select 'US' as legal_entity_id, '2026-05' as period, 10::decimal(18,4) as amount;
create table marts.fct_invoice_exception as
select 'US' as legal_entity_id, '2026-05' as period, 1::decimal(18,4) as amount;
create table marts.fct_margin as select 'US' as legal_entity_id, '2026-05' as period, 5::decimal(18,4) as amount;
create table marts.fct_utilization as select 'US' as legal_entity_id, '2026-05' as period, 60::decimal(18,4) as amount;
create table marts.fct_contract_position as
select 'US' as legal_entity_id, '2026-05' as period, 4::decimal(18,4) as amount;
create table marts.fct_receivable as select 'US' as legal_entity_id, '2026-05' as period, 40::decimal(18,4) as amount;
create table marts.fct_payment as select 'US' as legal_entity_id, '2026-05' as period, 30::decimal(18,4) as amount;
create view small.mart_rows as
select 'backlog' as mart, legal_entity_id, period, backlog as amount from marts.fct_backlog
union all select 'unbilled_time', legal_entity_id, period, amount from marts.fct_unbilled_time
union all select 'invoice_exceptions', legal_entity_id, period, amount from marts.fct_invoice_exception
union all select 'margin', legal_entity_id, period, amount from marts.fct_margin
union all select 'utilization', legal_entity_id, period, amount from marts.fct_utilization
union all select 'revenue', legal_entity_id, period, amount from marts.fct_contract_position
union all select 'ar', legal_entity_id, period, amount from marts.fct_receivable
union all select 'cash', legal_entity_id, period, amount from marts.fct_payment;
create table small.other_rows as select * from small.mart_rows where mart <> 'backlog';
create view reconciliation.rec_mart_total as
with m as (select mart, legal_entity_id, period, sum(amount) as total from small.mart_rows group by all),
c as (
    select mart, legal_entity_id, period, sum(amount) as total
    from (
        select * from small.other_rows
        union all
        select 'backlog', legal_entity_id, period, amount from canonical.core_contract
    ) group by all
)
select
    mart, 'amount' as measure, period, legal_entity_id, m.total as mart_total, c.total as canonical_total,
    coalesce(m.total, 0) - coalesce(c.total, 0) as difference
from m full outer join c using (mart, legal_entity_id, period);
create table kpis.kpi_executive as
select * from (values
    ('2026-05', 'US', 'backlog', 350.0::decimal(18,4), 'backlog'), ('2026-05', 'US', 'margin', 5.0, 'margin')
) as t(month, legal_entity_id, kpi_id, value, mart);
create table marts.fct_movement as
select * from (values
    ('backlog', 'm1', 'signed', 'US', 'USD', '2026-05', date '2026-05-04', 350.0::decimal(18,4), 'l1'),
    ('ar', 'm2', 'invoice', 'US', 'USD', '2026-05', date '2026-05-05', 40.0, 'l3')
) as t(stock, movement_id, movement_type, legal_entity_id, currency, period, event_date, amount, source_load_id);
create table marts.dim_customer as select 'k1' as customer_id, 'Ada Ltd.' as name;
"""


def settings_in(home: Path, **changes: object) -> Settings:
    """Settings of a firm of two companies, a CRM, a PSA and an ERP."""
    config = home / "qtc.toml"
    home.mkdir(parents=True, exist_ok=True)
    config.write_text("# a small firm\n", encoding="utf-8")
    values: dict[str, object] = {
        "home": home,
        "config_path": config,
        "reporting_currency": "USD",
        "as_of": AS_OF,
        "instances": (
            Instance(name="crm", vendor="salesforce", roles=("crm",), base_url="http://crm.invalid"),
            Instance(name="psa", vendor="kantata", roles=("psa",), base_url="http://psa.invalid"),
            Instance(name="erp", vendor="netsuite", roles=("erp",), base_url="http://erp.invalid"),
        ),
        "legal_entities": (
            LegalEntity(id="US", name="US Inc.", currency="USD", keys={"crm": "US"}),
            LegalEntity(id="DE", name="DE GmbH", currency="EUR", keys={"crm": "DE"}),
        ),
        "tolerances": Tolerances(),
    }
    return Settings.model_validate({**values, **changes})


def make_warehouse(settings: Settings, build_id: str = "build-a", *breaking: str) -> None:
    """Write the warehouse of a build as its two dbt steps leave it, then break it."""
    settings.warehouse_path.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(SQL.format(build_id=build_id))
        connection.execute(
            "create table raw.qtc_leg "
            "(leg_id varchar, left_instance varchar, right_instance varchar, applicable boolean)"
        )
        for leg in legs_of(settings):
            connection.execute(
                "insert into raw.qtc_leg values (?, ?, ?, ?)",
                [leg.leg_id, leg.left_instance, leg.right_instance, leg.is_applicable],
            )
        for statement in breaking:
            connection.execute(statement)
    with open_store(settings) as session:
        builds.start_build(
            session,
            build_id=build_id,
            inputs_digest=f"digest of {build_id}",
            previous_build_id=None,
            as_of=AS_OF,
            package_version="0",
            inputs={"load_ids": ["l1", "l2", "l3"]},
        )
        builds.mark(session, build_id, "step_1_at")


def evaluate_both(settings: Settings) -> GateResult:
    """Judge stage 1, note that the second dbt step ran, judge stage 2."""
    build_id = evaluate(settings, 1).build_id
    with open_store(settings) as session:
        builds.mark(session, build_id, "step_2_at")
    return evaluate(settings, 2)


def break_warehouse(settings: Settings, *statements: str) -> None:
    """Run statements on the warehouse."""
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for statement in statements:
            connection.execute(statement)
