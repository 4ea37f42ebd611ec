"""What the course's own components share: links to lessons, in Voilà and in JupyterLab."""

from __future__ import annotations

from cnnvis_widgets.widgets.toolkit.base import Component


class CoursePart(Component):
    """A component that links to notebooks of the course (`course_part.js` knows where they are)."""
