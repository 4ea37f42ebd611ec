"""Networks, pictures and labels that come along."""
