"""What the bridge tells about itself while it runs: logs, metrics, traces.

Logs: ``logs`` (the logger that every room uses), ``log_events`` (the catalogue of what is logged), ``log_masking`` (no
personal data in a line), ``log_storms`` (a storm is one line with a count), ``log_output`` (where the lines go, and in
which form). Metrics: ``metrics`` (counts and times), ``metric_names`` (their catalogue).
Traces: ``traces``.
"""
