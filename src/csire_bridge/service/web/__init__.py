"""HTTP: ``web_app`` has the endpoints, ``web_server`` is uvicorn in a thread; ``health`` and ``readiness``."""
