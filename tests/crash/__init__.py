"""Real crashes: real processes under load, killed, stopped, robbed of disk and servers; then everything is counted."""
