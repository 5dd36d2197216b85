"""Gateways: everything that speaks a device's language."""
