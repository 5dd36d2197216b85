"""What hubs have of GB/T 28181 devices."""
