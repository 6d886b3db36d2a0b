"""Benchmarks: ratios against an alternative measured in the same run, so that they mean the same on every machine.

Run as ``python -m tests.benchmarks`` (``make bench``). Here: one module per part, each yielding ``sample.Ratio``. Add a
part as a module and name it in ``__main__.PARTS``. Stays out: assertions; a ratio that must hold is a test's business.
"""
