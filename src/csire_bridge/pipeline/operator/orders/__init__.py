"""What people do with orders: ``order_actions`` (retry, field work, report, withdraw, settle), ``danger_actions`` (cut
because of danger, lift), ``release_work`` (parked work), ``replay_actions`` (a refused message once more),
``answer_actions`` (answers sent again), ``note_actions``; ``explanations`` (why an order goes or waits). ``undone``
serves them.
"""
