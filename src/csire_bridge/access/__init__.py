"""Who may do what: accounts, passwords, sessions, tokens, and the audit of every act."""
