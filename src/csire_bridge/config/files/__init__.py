"""YAML files that people write: ``law_file`` and ``rule_files``; ``rule_form`` is a rule file as a form.

``marked_yaml`` reads them so that each mistake has its line and key, ``own_words`` says what it is, ``calendar_values``
reads dates and weekdays.
"""
