"""What hubs of one site have of each other."""
