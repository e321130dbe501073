"""The crash matrix: real processes, killed at named moments. docs/chaos.md explains it.

``crash_points`` (where), ``plan`` (what a round is), ``kill`` and ``victim`` (how), ``stage`` and ``play`` (one round),
``matrix`` (many); ``standard`` and ``warm`` (what all processes share). ``world``: what surrounds the bridge.
``checks``: what must hold afterwards.
"""
