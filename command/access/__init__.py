"""Who may come in and what they may see: accounts, sessions, device tokens, secrets, visibility."""
