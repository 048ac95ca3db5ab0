"""The tests; a package, so that another `tests` among the installed ones is never taken for it."""
