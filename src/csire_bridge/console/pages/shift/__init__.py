"""The shift book: ``pages`` (acts, notes and open cases of a shift, to read, to print, and to hand over)."""
