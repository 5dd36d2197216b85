"""Tests of what watches a hub."""
