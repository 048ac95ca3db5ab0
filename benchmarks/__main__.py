"""`python -m benchmarks`: every benchmark in turn."""

from benchmarks import first_frame

first_frame.main()
