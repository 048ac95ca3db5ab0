"""The embedded lab: a small bookstore that speaks Kubernetes, Prometheus and Alertmanager on loopback.

`python -m controlroom.lab` runs one; others talk to it over HTTP only. Its control API:

- `GET /clock` → {now, rate}: virtual Unix seconds, and virtual seconds in one real second.
  `PUT /clock` {rate}: 0 (held) to 120; answers with the new reading.
- `PUT /load` {running}: the load test, off at the start. `PUT /responder` {on}: the scripted on-call.
- `GET /truth`: the ground truth (:class:`controlroom.lab.truth.Truth`). `GET /truth/samples`: every scraped
  series, one JSON line each (:class:`controlroom.lab.truth.SampledSeries`).
- `PUT /trouble/prometheus` and `PUT /trouble/alertmanager` {kind, seconds}: none, stopped, hang, slow, 500,
  html, and for Prometheus nan. `PUT /trouble/kubernetes`: :class:`controlroom.lab.kubernetes.trouble.Trouble`.
- `GET /status`, `GET /metrics` (exposition text; scraping it is honest at speed x1 only), `POST /stop`.

Errors are 400 with {error}.
"""
