"""Emergency plans: format, checks, rehearsal, evaluation."""
