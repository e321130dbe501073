"""The law's rules as data: what is forbidden on which day, which clock runs, what people must do, which figure is due.

Read in this order: ``model`` (the rules of a law file), ``book`` (which of them hold on a day), ``bans`` (whether a
suspension is forbidden, and until when), ``policy`` (what the operator has decided about the rules), ``judge`` (what
follows for an order), ``clocks`` (by when an order must be carried out), ``clock_counts`` and ``figures`` (what is
counted of them), ``complaints`` (by when they are decided), ``alerts`` (what is left undecided, or not applied). The
rules themselves are in ``mappings/law``; nothing of them is in the code.
"""
