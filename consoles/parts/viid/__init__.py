"""What hubs have of GA/T 1400 systems."""
