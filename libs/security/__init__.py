"""Who is asking and what they may see, and how secrets are kept."""
