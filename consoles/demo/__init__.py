"""The demonstration county and the devices that are simulated in it."""
