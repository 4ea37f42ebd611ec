"""The comparer, the scoreboard, and the page for invited raters."""
