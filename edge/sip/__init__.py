"""SIP (RFC 3261): messages, digest, transactions and dialogs without I/O, and one endpoint over UDP and TCP."""
