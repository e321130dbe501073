"""Where the values of the settings come from: options, the environment, a TOML file; and what is told of wrong ones.

``layers`` holds what each source gave and says which of them won. ``settings_file`` and ``environment`` read the
sources, ``toml_lines`` finds the lines of a file's keys. ``model`` walks through the groups of the settings, so that
a new setting needs no entry here; ``names`` finds the nearest name for one that does not exist, ``problems`` tells
what is wrong with a value, ``masked`` prints values without secrets.
"""
