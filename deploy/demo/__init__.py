"""The demonstration: a fleet does in a minute what its newcomers ask first."""
