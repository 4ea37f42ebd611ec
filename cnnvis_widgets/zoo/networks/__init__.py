"""One module an architecture; every module here is found."""
