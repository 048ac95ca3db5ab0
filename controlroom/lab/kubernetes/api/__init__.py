"""The Kubernetes API: paths, verbs, patches, admission, watches, discovery."""
