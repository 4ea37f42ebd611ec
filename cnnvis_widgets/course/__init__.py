"""The course: which lessons there are, and the words they use. Reads notebooks, runs nothing."""

from cnnvis_widgets.course.catalogue import Lesson, find, lessons, notebooks_folder

__all__ = ["Lesson", "find", "lessons", "notebooks_folder"]
