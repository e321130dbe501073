"""The one way in for every endpoint.

``entrance`` admits every request, with ``caller_address`` and ``caller_proofs`` (who calls), ``password_guesses``,
``rate_limiter`` and ``request_body`` (how often, how much, how slowly); ``content``: what can be read. ``submission``:
how an endpoint hands a message in.
"""
