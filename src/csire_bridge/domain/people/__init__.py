"""People: who may do what, and the record of what they did.

``roles`` (roles and their permissions), ``acts`` (every act, with the permission that it needs), ``actor`` (who acts,
and from where), ``accounts`` (accounts, sessions, API tokens, refusals), ``token_rights`` (what a token may do now),
``guesses`` (slows down the guessing of passwords), ``second_person`` (what needs two persons). ``audit`` (an entry of
the audit and the chain of hashes), ``masking`` (facts for the audit, without secrets), ``audited`` (checks the
permission of a use case and writes its entry), ``personal_data`` (facts for whoever may not read personal data),
``saved_views`` (filters under a name), ``ports`` (what they need of the store).
"""
