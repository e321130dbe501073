"""Simulated partners, on 127.0.0.1 only: ``hub``, ``hes``, ``sid``, ``meter``, ``oidc`` (an identity provider);
``faults`` are what they may do wrong.

Certificates: ``authority``, ``pki``. Samples: ``sample_preparer``, ``expectations``. ``http_server``,
``control_endpoint`` and ``postgres`` are shared.
"""
