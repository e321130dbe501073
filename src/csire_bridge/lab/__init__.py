"""The laboratory: everything that tests, measures and shows the product. The product never imports it.

``simulators`` (hub, head-end system, meters, SID, demo certificates), ``demo`` (a whole market in one process),
``bench`` (rates), ``chaos`` (the crash matrix), ``simulation`` (a month on a simulated clock); ``shared`` by several,
``cli`` their commands.
"""
