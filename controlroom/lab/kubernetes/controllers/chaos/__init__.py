"""Chaos Mesh's controller manager, written after its source and the recorded life cycles."""
