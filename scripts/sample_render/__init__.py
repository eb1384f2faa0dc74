"""Draws the pictures of ``sample_data``: a small ray marcher, procedural surfaces and flat drawings."""
