"""Commands about messages: ``show`` ("messages"), ``validate``, ``sign`` (also "verify"), ``replay``, ``evidence``
with ``evidence_page``.
"""
