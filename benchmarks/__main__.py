"""`python -m benchmarks`: every benchmark in turn."""

from benchmarks import first_frame, halt, key_to_frame, viewers, watching

first_frame.main()
key_to_frame.main()
viewers.main()
halt.main()
watching.main()
