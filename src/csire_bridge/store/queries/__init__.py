"""The read side: queries for people and programs. Nothing here changes anything.

``order_search``, ``order_waits``, ``order_dossier``, ``message_search``, ``key_lists`` (pasted), ``guard_facts``,
``clock_facts``, ``evidence``, ``reports``, ``partner_messages``; ``lists`` (pages of a million rows, and counts);
``find`` (what a pasted key leads to); ``today`` (the first page); ``alerts`` (what needs a person); ``law_figures``
(what the regulator counts); ``rule_preview`` (what other rules would do); ``job_list`` (jobs of people); ``gauges``
(numbers for metrics).

``story``: everything about one order on a time line; ``stored_documents``: bytes of every kind; ``point_dossier``:
all about a metering point; ``message_attempts``, ``refusal_causes`` (why messages were refused).
"""
