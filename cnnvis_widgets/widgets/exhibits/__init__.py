"""The thesis' figures as components; they import only the toolkit."""
