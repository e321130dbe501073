"""Polish and English: ``languages`` (which one), ``catalogs`` (translations), ``labels`` (words for codes),
``moments`` (times), ``sentences`` (sentences of the domain in Polish).
"""
