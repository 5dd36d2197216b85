"""GA/T 1400.4 (VIID): passages, subscriptions and dispositions between view libraries, over HTTP."""
