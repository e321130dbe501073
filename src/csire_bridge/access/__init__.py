"""Who may do what: accounts, passwords, sessions, tokens, and the audit of every act.

``authenticate`` (who is it: by session, token, or name and password), ``passwords`` (argon2id), ``secrets`` (of
sessions and tokens), ``user_actions`` and ``token_actions`` (what administrators do), ``people_facts`` (accounts,
sessions and tokens as values), ``view_actions`` (saved views), ``care_actions`` (who takes
care of an order),
``audit_search``, ``audit_export`` (CSV, XLSX, JSON), ``audit_verify``.
Login at an identity provider: ``identity``, ``openid``, ``identity_login``. For browsers: ``browser_login``
(endpoints and cookie).
"""
