"""What commands share: ``console`` (options, exit codes, output), ``operator_action`` (who and why), ``who`` (by
login or by name) and ``operator_command`` (the options of each command by which a person changes something),
``arguments``, ``moments``, ``opened`` (the database), ``settings`` (read late), and ``lab``, which loads
the laboratory by name.
"""
