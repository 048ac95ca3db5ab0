"""The process that holds a session: conductor, socket, lab of a rehearsal, and its own orderly end."""
