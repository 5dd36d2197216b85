"""What hubs have of their edge agents."""
