"""Whether a stack has applications in a cluster, and who installs them; cheap to ask."""

from platinfra.resolve.resolve import Resolved


def is_in_cluster(resolved: Resolved) -> bool:
    """Tell whether a stack has applications in a cluster: its own one, or the one that AWS runs."""
    kind = resolved.file.deployment.type
    return resolved.graph.target == "kubernetes" or (resolved.graph.target == "aws" and kind in {None, "kubernetes"})


def installs(resolved: Resolved) -> bool:
    """Tell whether `up` installs the applications of a stack, and nobody else."""
    return is_in_cluster(resolved) and resolved.file.deployment.applications != "gitops"
