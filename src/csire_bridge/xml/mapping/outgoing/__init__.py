"""Writing: ``outbound`` writes what ``outbound_compiler`` makes of a file, with ``facts`` (what an answer tells, and
conditions about it). At start ``rehearsal`` sees that every answer can be written, also with whatever ``requests`` may
have told.
"""
