"""Step 5: the command to the head-end system, and the truth about the contactor.

``handler`` decides what each order needs. Before the command: the package ``gates``, ``circuit`` (is the head-end
system there; ``circuits``: of several), ``resolve_point`` (unknown points and households), ``after_restore``. Then
``dispatch`` sends the ``command``; ``since_command`` recalls it if it has been forbidden since. ``read_back`` reads the
contactor, ``read_back_decision`` decides what follows, and ``record_read_back`` writes it. ``deliveries`` notes whether
the meter had the command in time.
"""
