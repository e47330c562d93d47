"""What others need to know of an offering, and how they are told."""
