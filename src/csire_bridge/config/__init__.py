"""What people write: the settings, and rule files.

``settings`` reads everything from options, environment and a TOML file; the groups are in modules of their own:
``parties`` (partners, hub), ``head_end``, ``sid``, ``web``, ``execution``, ``deadlines``, ``law``, ``retention``.
``role`` is what a process of the service does. ``rule_files`` reads the configurator's YAML and ``law_file`` the law's
rules, with ``marked_yaml`` and ``calendar_values``. ``resources`` finds schemas, mappings and samples.
"""
