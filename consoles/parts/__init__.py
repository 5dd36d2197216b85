"""The parts that a site is composed of; each starts and stops as a whole."""
