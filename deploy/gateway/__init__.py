"""The front door of a node in containers: nginx, told by the services' own declarations whose path is whose."""
