"""The record of a session: its folder, its journal, its reports."""
