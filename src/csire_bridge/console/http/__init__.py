"""One request: ``visit`` (who visits, and what the page needs), ``answers`` (pages, parts, redirects, files),
``acts`` (what a person does, in one transaction), ``refusals`` (errors as pages), ``own_pages`` (the address browsers
must use, and parameters without a value), ``assets`` (style and script).
"""
