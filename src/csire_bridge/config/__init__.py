"""What people write: the settings, and rule files.

``settings`` reads everything from options, environment and a TOML file; the groups are in modules of their own:
``parties`` (partners, hub), ``head_end``, ``sid``, ``web``, ``execution``, ``deadlines``, ``retention``. ``role`` is
what a process of the service does. ``rule_files`` reads the configurator's YAML with ``marked_yaml``. ``resources``
finds schemas, mappings and samples.
"""
