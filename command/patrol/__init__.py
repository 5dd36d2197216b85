"""What follows from positions: out of area, standing still, silence, calls for help. Pure; takes the time as given."""
