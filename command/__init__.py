"""The record and its rules: facts, tables, journal, hub."""
