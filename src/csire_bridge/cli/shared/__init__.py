"""What commands share: ``console`` (options, exit codes, output), ``operator_action`` (who and why) and
``operator_command`` (the options of each command by which a named person changes something), ``arguments``,
``moments``, ``settings`` (read late), and ``lab``, which loads the laboratory by name.
"""
