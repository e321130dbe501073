"""The command ``configurator``; ``as_text`` and ``as_json`` print rule sets and previews."""
