"""The transforms, one module per category; each is one function declared once."""
