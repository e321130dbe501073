"""Polish and English: ``languages`` (which one), ``catalogs`` (translations), ``labels`` (words for codes),
``act_words`` (of acts), ``moments`` (times), ``sentences`` (sentences of the domain in Polish).
"""
