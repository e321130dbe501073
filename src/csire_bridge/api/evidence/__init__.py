"""Everything that is stored about one message, as an archive whose hashes can be checked; for commands, API and pages.

``archive`` (the ZIP, and whether it is whole), ``page`` (the story in it, to be read and printed).
"""
