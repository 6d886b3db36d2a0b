"""Room 3: may this be published?  A stored verdict per build, mart, rule, period and legal entity.

Here: the words of a verdict and what it does to a mart (``contract``), one module per gate (``rules``), the judge
(``expectations``, the only importer of Great Expectations), the evaluation of a stage (``evaluate``), the Dagster
checks (``checks``). Stays out: computing a difference (reconciliation models) and copying a mart (publish).
"""
