"""What must hold after a round: ``invariants`` (nothing lost, nothing twice), ``retention`` (archived or kept)."""
