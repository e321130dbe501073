"""Messages in both directions, as values.

Incoming: ``message`` (header, state, request), ``envelope_rules``, ``processes`` (a market process is carried out
once), ``refusals`` (why a message is refused, and when it is judged again), ``strangers`` (a budget for unproven
senders). Outgoing: ``answers``, ``documents``, ``results`` (the hub's R_1). ``sid`` is the same for the customer
system. Parties: ``partners``, ``partner_entries``.
"""
