"""Documents read for people, whoever wrote them: nothing of this decides anything.

``names`` (what elements and codes are called in Polish and English), ``explained`` (a document element by element, in
slices), ``differences`` (what one document says otherwise than another), ``signature_facts`` (what a document tells of
its signature).
"""
