"""Trackers that report over HTTP: OsmAnd and Traccar Client, OwnTracks. Parsers are pure; `http` has the routes."""
