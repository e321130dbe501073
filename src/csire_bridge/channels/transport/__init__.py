"""HTTP and admission, shared by the channels.

In: ``entrance`` (admits every request) with ``caller_address``, ``caller_proofs``, ``password_guesses``,
``rate_limiter``, ``request_body``; ``submission`` (how an endpoint hands a message in), ``direct_routes``. Out:
``http_exchange`` (the one HTTP client) over ``partner_connections`` and ``tls``, ``failures`` (did the request arrive),
``address``, ``poll_interval``, ``zeep_contract`` and ``zeep_wss``. ``redact``: text from outside, for people.
"""
