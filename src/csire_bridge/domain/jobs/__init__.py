"""Jobs: what a person has done to one or many things, item by item, alone or with a second person.

``kinds`` (what can be done, and with which details), ``job`` (a job, its items, states and sums).
"""
