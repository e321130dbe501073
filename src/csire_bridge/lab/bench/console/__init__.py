"""How quickly pages are there with a million orders: ``many_rows`` (plausible rows), ``filler`` (writes them in bulk),
``pages`` (what is asked), ``measure`` (how long each took), ``half_load`` (the worker's
load meanwhile).
"""
