"""All about one thing: ``order_dossier``, ``point_dossier``, ``stored_documents`` (bytes of every kind), ``evidence``
(an archive of both).
"""
