"""What `triune doctor` examines: the machine, the record, and what lies outside. Each check changes nothing."""
