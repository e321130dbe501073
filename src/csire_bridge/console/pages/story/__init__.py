"""An order's story: ``routes`` (the page, notes, the acknowledgement), ``facts`` (what the page shows),
``neighbours`` (before and after it in a list).

The acts on an order stand in the part ``orders/_acts.html``.
"""
