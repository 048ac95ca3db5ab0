"""`python -m benchmarks`: every benchmark in turn."""

from benchmarks import (
    first_frame,
    halt,
    key_to_frame,
    long_day_keys,
    long_replay,
    steady_state,
    viewers,
    watching,
)

first_frame.main()
long_replay.main()
steady_state.main()
key_to_frame.main()
long_day_keys.main()
viewers.main()
halt.main()
watching.main()
