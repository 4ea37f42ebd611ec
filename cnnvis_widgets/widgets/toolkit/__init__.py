"""What components are built from: base class, controls, traits, charts, heatmap canvas."""
