"""Violations in the stream of sightings: pure judging of passages by what people registered, always in doubt for them.

Each judge returns a `Finding`, or a word for why there is none.
"""
