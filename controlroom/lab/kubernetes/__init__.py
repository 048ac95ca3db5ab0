"""An embedded Kubernetes API server with its controllers and Chaos Mesh, in virtual time.

:class:`Cluster` is what the world model works with; `server.make_app` serves it over HTTP.
"""

from controlroom.lab.kubernetes.bookstore import BOOKSTORE, Workload, build_bookstore
from controlroom.lab.kubernetes.cluster import Cluster
from controlroom.lab.kubernetes.trouble import Refusal, Trouble
from controlroom.lab.kubernetes.views import ActiveFault, DeploymentView, FaultChange, PodView

__all__ = [
    "BOOKSTORE",
    "ActiveFault",
    "Cluster",
    "DeploymentView",
    "FaultChange",
    "PodView",
    "Refusal",
    "Trouble",
    "Workload",
    "build_bookstore",
]
