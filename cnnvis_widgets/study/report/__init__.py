"""A study as one HTML file: parameters, tables, figures, and how to repeat it."""

from cnnvis_widgets.study.report.writing import write_report

__all__ = ["write_report"]
