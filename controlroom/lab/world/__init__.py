"""The bookstore as a seeded model: its services, their latency, queues, caches and totals."""
