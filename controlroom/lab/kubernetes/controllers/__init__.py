"""What acts on the objects by itself: the workload controllers, the kubelet and Chaos Mesh."""
