"""The course: its lessons and its glossary. Notebooks are read, not run."""

from cnnvis_widgets.course.catalogue import Lesson, find, lessons, notebooks_folder

__all__ = ["Lesson", "find", "lessons", "notebooks_folder"]
