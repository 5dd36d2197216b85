"""What hubs have of violations and their evidence."""
