"""The paths by subject.

``orders`` (find, show, explain), ``order_acts`` (retry, withdraw and more), ``messages``, ``points``, ``guards``
(holds, stop switch, cap), ``watch`` (alerts), ``shift``, ``rules``, ``statistics``, ``bulk`` (what a list of keys
means), ``search`` (anything pasted), ``administration`` (people, audit, partners, settings), ``shapes`` (what is told,
for the description of the API).

Acts on sets: ``jobs``, with ``new_job`` and ``filters`` (what is given for one).

An order's story and its bytes: ``order_story`` (time line, notes, acknowledgements), ``documents`` (explained).
"""
