"""Commands about messages: ``show`` ("messages"), ``validate``, ``mapping`` (tries a mapping file; of a
head-end system: ``dialect``), ``sign`` (also
"verify"), ``replay``, ``evidence``. The archive of evidence itself is made by ``api.evidence``.
"""
