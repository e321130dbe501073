"""Figures of orders: what is kept of those that have ended, and the rest, as one.

``figure_book`` keeps them; ``rest`` are the orders that are not in them yet, ``counted`` is both for a period,
``report`` a period beside another. ``law_months``: what the regulator asks for, as it was last counted.
``report_runs``: which monthly reports have arrived.
"""
