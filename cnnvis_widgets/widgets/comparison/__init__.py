"""The comparer, the scoreboard, and the page of invited raters."""
