"""Values and rules of the domain. Pure: no I/O, no XML, no database, and the time is always a parameter.

Read in this order: ``errors`` (every error, as one tree), ``identifiers``, ``clock``, ``bounds``, ``protection`` (whom
the law protects), ``work``, ``words`` (counted ones), ``written_text`` (text of files that people wrote),
``pasted_key`` (what a pasted text may be); then the
packages ``message`` (what comes in and goes out), ``order`` (its states and decisions), ``meter``,
``metering_point``, then ``law`` (what the law forbids), and last ``rules`` and ``calendar`` (when something may be
sent), ``people`` (roles, accounts, the audit), ``jobs`` (what people have done to many things), ``figures`` (what
orders came to) and ``operations`` (retries, alerts, statistics).
"""
