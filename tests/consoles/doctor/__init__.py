"""Tests of the examination of an installation."""
