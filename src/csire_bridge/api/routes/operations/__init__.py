"""Running the operator's side: ``guards`` (holds, stop switch, cap), ``rules``, ``watch`` (alerts), ``shift``,
``statistics``.
"""
