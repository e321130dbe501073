"""What several parts of the laboratory use: ``workload`` (signed messages), ``measure`` (rates and memory)."""
