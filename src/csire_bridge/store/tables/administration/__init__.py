"""Tables of people and their work: ``people`` (accounts, sessions, audit), ``api``, ``views``, ``jobs``, ``rules``,
``figures``, ``alerts``.
"""
