"""The screen of the room, and the sheets that lie on it for a while."""
