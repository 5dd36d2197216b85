"""JT/T 808 (2011, 2013, 2019): the protocol of vehicle terminals. The core has no I/O; `gateway` is its TCP shell."""
