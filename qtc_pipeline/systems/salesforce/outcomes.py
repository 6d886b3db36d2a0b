"""What Salesforce's answers mean for a write: its statuses and error codes.

Add a row when an org answers something new; the test of this table reads it row by row.
"""

from __future__ import annotations

from qtc_pipeline.systems.sending import Meaning, Outcome

OUTCOMES: tuple[Meaning, ...] = (
    Meaning(412, None, Outcome.STALE),
    Meaning(None, "ENTITY_IS_LOCKED", Outcome.BUSINESS),  # an approval of the firm holds the record
    Meaning(None, "UNABLE_TO_LOCK_ROW", Outcome.NO_EFFECT),
    Meaning(None, "REQUEST_LIMIT_EXCEEDED", Outcome.NO_EFFECT),
    Meaning(429, None, Outcome.NO_EFFECT),
    Meaning(401, None, Outcome.AUTHENTICATION),
    Meaning(None, "INSUFFICIENT_ACCESS_OR_READONLY", Outcome.PERMISSION),
    Meaning(None, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Outcome.PERMISSION),
    Meaning(None, "INVALID_FIELD_FOR_INSERT_UPDATE", Outcome.PERMISSION),
    Meaning(403, None, Outcome.PERMISSION),
    Meaning(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Outcome.BUSINESS),
    Meaning(400, "REQUIRED_FIELD_MISSING", Outcome.BUSINESS),
    Meaning(400, "DUPLICATE_VALUE", Outcome.BUSINESS),
    Meaning(400, "INVALID_CROSS_REFERENCE_KEY", Outcome.BUSINESS),
    Meaning(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Outcome.BUSINESS),
    Meaning(404, "ENTITY_IS_DELETED", Outcome.BUSINESS),
    Meaning(404, "NOT_FOUND", Outcome.BUSINESS),
    Meaning(400, None, Outcome.CONTRACT),  # INVALID_FIELD, JSON_PARSER_ERROR, MALFORMED_ID
    Meaning(503, None, Outcome.NO_EFFECT),  # SERVER_UNAVAILABLE: the org did not take the request
    Meaning(500, None, Outcome.UNKNOWN),
    Meaning(502, None, Outcome.UNKNOWN),
    Meaning(504, None, Outcome.UNKNOWN),
)
