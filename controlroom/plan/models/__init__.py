"""The plan file as pydantic models: its keys, their meaning and their bounds.

They are the one source of the JSON Schema and of the field list in docs/plan.md. What spans several keys (an
experiment that no step injects) is in `controlroom.plan.checks`; nothing outside `controlroom.plan` sees them.
"""
