"""What a pasted key leads to: ``hits`` (orders, points, messages, a supplier). Read only."""
