"""A Prometheus of the lab's own: samples in memory, PromQL, rules and the HTTP API, in virtual time."""
