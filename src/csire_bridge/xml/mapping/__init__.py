"""The mapping engine: files in ``mappings/`` say how a message is read or written. docs/mappings.md explains the files.

``model`` (keys of a file), ``loader``, ``book`` (all files together); ``incoming`` reads, ``outgoing`` writes,
``checks`` judges files at start. For both ways ``convert`` (texts and values), ``defaults`` (of the schema) and
``technical`` (the envelope of another standard). ``trial`` shows what a file makes of a sample.
"""
