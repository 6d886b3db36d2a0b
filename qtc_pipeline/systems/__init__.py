"""Systems: leaves. Everything known about one external system stands in one folder.

``contract`` says what every system offers, ``http`` how requests travel, ``payload`` how answers are cut into records
without touching them, ``registry`` which vendors there are. A vendor's folder knows nothing of Dagster, dbt, the lake's
files or other vendors.

To add a vendor: a folder here, its twin under ``dbt_project/models/staging``, an entry in ``registry``; then the one
conformance suite (``tests/systems/conformance.py``) must pass.
"""
