"""What each pane shows, as rows of text: pure functions of a moment and a size."""
