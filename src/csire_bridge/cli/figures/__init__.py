"""Figures: ``stats``, and ``law_figures`` ("stats law"), what the regulator can ask for.

``clock_lines`` prints the clocks of the law, ``executions_table`` what orders came to.
"""
