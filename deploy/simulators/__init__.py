"""Stand-ins for the production systems outside: provisioning, accounting and billing.

For demonstrations and tests. They share the contracts, the envelope and the keys' format with the services, nothing
else; each is a process of its own with a durable journal.
"""
