"""TMF632: individuals and organizations, each identity document registered once."""
