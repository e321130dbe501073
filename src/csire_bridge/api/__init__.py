"""The REST API ``/api/v1``, over the use cases of ``pipeline.operator`` and the queries of ``store``."""
