"""Step 5 for orders of several steps: agreements that start or end, and changes of the tariff.

``handler`` (goes from step to step), ``actions`` (what a step does at the meter), ``results`` (what came of it),
``compensate`` (undoes the steps of an order that was cancelled).
"""
