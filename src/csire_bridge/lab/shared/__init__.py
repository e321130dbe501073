"""What several parts of the laboratory use.

``workload`` (signed messages), ``measure`` (rates and memory), ``cpu_affinity`` (one core for one process).
"""
