"""The mapping engine: files in ``mappings/`` say how a message is read or written. docs/mappings.md explains the files.

``model`` (keys of a file), ``loader``, ``book`` (all files together); ``inbound`` and ``outbound`` compile and run
them, with ``convert`` (texts and values). Checks at start: ``places`` (paths exist in the schema), ``coverage``
(nothing is lost), ``rehearsal`` (every answer can be written).
"""
