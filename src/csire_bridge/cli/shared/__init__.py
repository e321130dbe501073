"""What commands share: ``console`` (options, exit codes, output), ``table`` (lists that fit the terminal),
``list_command`` (the options of each command with a list), ``operator_action`` (who and
why), ``who`` (by login or by name) and ``operator_command`` (the options of each command by which a person changes
something), both by ``added_options``; ``arguments``, ``moments``, ``opened`` (the database), ``settings`` (read late),
``refused_acts`` (in the audit), ``readable_help``, ``wrong_use``, and ``lab``, which loads the laboratory by name.
"""
