"""What products are, whoever sells them."""
