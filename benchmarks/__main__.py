"""`python -m benchmarks`: every benchmark in turn."""

from benchmarks import first_frame, halt, key_to_frame, steady_state, viewers, watching

first_frame.main()
steady_state.main()
key_to_frame.main()
viewers.main()
halt.main()
watching.main()
