"""What a pasted key leads to: ``archived`` (orders that retention has taken out), ``hits`` (orders, points, messages,
a supplier). Read only.
"""
