"""Who the customers are: parties, customers, billing accounts, identity checks."""
