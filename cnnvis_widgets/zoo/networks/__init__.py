"""One module an architecture; whatever lies here is found."""
