"""Layer-wise relevance propagation: rules, canonizers and the walk through the graph."""
