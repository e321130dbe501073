"""The pages, a room for each area: ``home`` (where everybody begins), ``sign_in`` (in and out, the own password),
``orders`` (lists of orders), ``people`` (accounts, tokens, the own account), ``audit``, ``alerts``.

Orders, messages, points: ``story`` (an order), ``documents`` (stored bytes, explained), ``figures``
(statistics).
"""
