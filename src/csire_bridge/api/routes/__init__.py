"""The paths by subject.

``orders``, ``messages``, ``points``, ``point_lists`` (import, meters), ``documents`` (stored bytes, explained),
``jobs`` (acts on many things), ``search`` (anything pasted), ``operations`` (guards, rules, alerts, shift book,
statistics), ``administration`` (people, audit, partners, settings). ``filters`` reads what lists are asked for;
``shapes`` is what is told, for the description of the API.
"""
