"""The pages, a room for each area: ``today`` (where everybody begins), ``sign_in`` (in and out, the own password),
``find`` (the one box, pasted lists), ``alerts``, ``shift`` (the shift book).

Orders, messages, points: ``orders`` (lists of orders), ``views`` (saved ones), ``story`` (an order), ``documents``
(stored bytes, explained),
``messages`` (the journal), ``points``, ``figures`` (statistics), ``rules`` (the configurator).

For administrators and auditors: ``people`` (accounts, tokens, the own account), ``audit``, ``partners``, ``system``
(health, settings in force).

Acts: ``jobs`` (seen first, then done; approvals; the stop switch), ``open_cases`` (unexplained supply, failed steps).
"""
