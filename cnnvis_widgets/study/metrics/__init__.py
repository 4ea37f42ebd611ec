"""The published metrics, one module each; their base class is in `study.contract`."""
