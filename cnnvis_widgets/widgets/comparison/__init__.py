"""The comparer and the scoreboard."""
