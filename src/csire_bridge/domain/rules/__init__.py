"""The configurator: the operator's own rules for when orders are sent.

``model`` (rules and rule sets), ``choice`` (which rule applies), ``decide`` (send, wait, give up, never), ``timeline``
(rule sets in the order of their validity), ``checks`` (contradictions), ``difference`` (between two rule
sets), ``words`` (for people), ``preview`` (what another rule set would change).
"""
