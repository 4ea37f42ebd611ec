"""Networks derived from another: random weights, several pictures in a grid."""
