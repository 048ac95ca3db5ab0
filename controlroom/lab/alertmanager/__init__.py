"""An Alertmanager in small: routes, groups, silences, inhibition and the API v2 of version 0.25."""
