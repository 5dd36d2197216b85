"""Simulated devices that speak the real protocols to the hub's real ports."""
