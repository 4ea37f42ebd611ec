"""Building blocks of components: base class, controls, traits, charts, heatmap canvas."""
