"""With whom we talk: ``parties`` (partners and the hub), ``head_end``, ``sid``; ``signing`` (our keys)."""
