"""Paper: A4 documents for people outside the bridge. The same facts make the same bytes.

``fonts`` (letters of all Polish words, embedded), ``moments`` (times as paper says them), ``sheet`` (the kit: title,
headings, texts, facts, tables, bars, page numbers; every report is made with it), ``acknowledgement`` (what became of
an order, for a complaint).
"""
