"""Technical building blocks that know nothing of the domain's rules.

``steady_clock`` (the process's own time), ``group_commit`` (many callers, one transaction), ``green_calls`` (many
blocking calls in one thread).
"""
