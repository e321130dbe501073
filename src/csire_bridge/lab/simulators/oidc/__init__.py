"""A small identity provider (OpenID Connect): ``provider``."""
