"""The configurator: ``versions`` (rule sets, their differences, the law's bans), ``drafts`` (kept, changed, previewed,
put in force), ``rule_page`` (one rule as a form), ``fields`` (what a form says), ``shown`` (rules as pages show them),
``week_grid`` (a week as a drawing), ``words``, ``example`` (an order for the live text).
"""
