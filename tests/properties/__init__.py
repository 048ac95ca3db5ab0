"""Properties that hold over many seeds and many sessions: few in the fast tier, the full counts in the soak."""
