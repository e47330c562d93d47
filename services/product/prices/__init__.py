"""What is asked for products."""
