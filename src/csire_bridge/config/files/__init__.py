"""YAML files that people write: ``law_file`` and ``rule_files``; ``rule_form`` is a rule file as a form.

``marked_yaml`` reads them so that each mistake has its line and key, ``calendar_values`` reads dates and weekdays.
"""
