"""Acts on many things: ``jobs`` (preview, start, watch, cancel), ``new_job`` (what is given for one)."""
