"""The mapping engine: files in ``mappings/`` say how a message is read or written. docs/mappings.md explains the files.

``model`` (keys of a file), ``loader``, ``book`` (all files together); ``inbound`` reads, with ``expressions`` (values
that are worked out) and ``defaults`` (of the schema); ``outbound`` writes what ``outbound_compiler`` makes of a file,
with ``facts`` (what an answer tells, and conditions about it); ``convert`` (texts and values); ``technical``: the
envelope of another standard. Checks at start: ``places`` (paths exist in the schema; ``xpath_words``: what is no path),
``coverage`` (nothing is lost), ``rehearsal`` (every answer can be written, also with whatever ``requests`` may have
told). ``trial`` shows what a file makes of a sample, ``touched`` which lines a change of the schema touches.
"""
