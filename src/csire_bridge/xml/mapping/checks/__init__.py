"""Checks of mapping files against the schema: ``places`` (paths exist; ``xpath_words``: what is no path), ``coverage``
(nothing is lost), ``touched`` (which lines a change of the schema touches).
"""
