"""Dialects: how the head-end systems of one make write replies and events, and want their requests; each is a file.

``file_model`` (the keys of a file), ``structure`` (what a schema names, and in which order), ``places`` (where values
stand in a message), ``dialect`` (what a file says), ``loader`` (reads a file and checks it), ``schema`` (compiled
schemas), ``times`` (times without a zone), ``request_form`` (requests in the order that the dialect wants).
"""
