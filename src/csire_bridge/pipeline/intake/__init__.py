"""Steps 1 to 4: from bytes to an order.

``receive`` (bytes into the journal), ``handler`` (steps 2 to 4 for a batch, and their one commit) with ``verify``,
``validate``, ``map``, ``receipt`` (our signed receipt) and ``register`` (what an accepted message changes);
``intake_policy`` is what the settings say of it. ``request_reply``: for senders that wait. ``judge_again``: refusals
that may be our fault. ``foretell``: what a judgement would mean. ``sid_handler``: the same steps for SID, with
``point_finder``. ``message_files``: files and archives for replay.
"""
