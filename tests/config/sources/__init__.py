"""Tests of the sources of the settings."""
