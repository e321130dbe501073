"""HTTP: what is open at which address, and who answers.

``doors`` (groups of endpoints and their addresses), ``open_doors`` (those of one process, with what takes messages in),
``web_app`` (the application of an address), ``operations_app`` (the operations door, into which other rooms put their
routers), ``intake_queue``, ``health``, ``readiness`` and ``metrics``, ``response_headers`` (around every application),
``web_server`` (uvicorn in a thread), ``connections`` (how many), ``tls_files`` and ``tls_listener`` (TLS).
"""
