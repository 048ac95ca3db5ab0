"""A kubeconfig for the lab."""

from __future__ import annotations

import json


def kubeconfig(server_url: str, context: str, namespace: str) -> str:
    """The text of a kubeconfig with one context of that name. JSON, which YAML contains."""
    user = f"{context}-admin"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {"server": server_url}}],
        "users": [{"name": user, "user": {}}],
        "contexts": [
            {"name": context, "context": {"cluster": context, "namespace": namespace, "user": user}}
        ],
        "current-context": context,
    }
    return json.dumps(document, indent=2) + "\n"
