"""Components of the course: index, glossary, quizzes, training."""
