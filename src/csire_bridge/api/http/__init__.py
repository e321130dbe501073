"""What every path has in common.

``problems`` (errors as problem+json, RFC 9457), ``call`` (who calls, with which permission), ``answers`` (JSON with
ETags, masked for callers without the permission), ``pages`` (lists by cursor), ``acts`` (acts, done once per
idempotency key), ``fields`` (fields and parameters that several paths have), ``body_limit``
(how large a request may be), ``json_names`` (no name twice).
"""
