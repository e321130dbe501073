"""The command line. ``main`` is the entry, ``commands`` says which module has which command.

The packages are subjects: ``orders``, ``guards``, ``figures``, ``messages``, ``partners``, ``rules``, ``system``,
``people``; ``shared`` is what they have in common. A command reads options and prints; what it does is in
``pipeline.operator`` and ``store.queries``. Commands of the laboratory are loaded from ``lab.cli`` by name.
"""
