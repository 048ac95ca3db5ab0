"""What a cluster's own records say of a fault: a pure reading of chaos objects and pods.

`observe` turns a reading of the object, and what is known of the pods, into the whole of what is known of
the run. It is asked again when the object changes, when a pod changes, and about once a second besides:
NO TARGET and STUCK depend on the time alone.
"""

from controlroom.core.faults.combined import combined
from controlroom.core.faults.observe import follow_on, observe
from controlroom.core.faults.reading import ChaosReading, NotAnObject, decode

__all__ = ["ChaosReading", "NotAnObject", "combined", "decode", "follow_on", "observe"]
