"""What simulated partners may do wrong, repeatable by a seed: ``fate`` decides, ``delay`` takes time; ``hub``, ``hes``,
``sid``.
"""
