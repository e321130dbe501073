"""The system: ``pages`` (health, doors, certificates, versions, jobs, database; every setting in force)."""
