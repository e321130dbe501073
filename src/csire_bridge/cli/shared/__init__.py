"""What commands share: ``console`` (options, exit codes, output), ``operator_action`` (who and why), ``arguments``,
``moments``, and ``lab``, which loads the laboratory by name.
"""
