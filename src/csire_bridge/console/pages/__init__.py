"""The pages, a room for each area: ``home`` (where everybody begins), ``sign_in`` (in and out, the own password),
``people`` (accounts, tokens, the own account).
"""
