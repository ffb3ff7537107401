"""Write down what goes into a cluster, as files."""

from platinfra.targets.answers import Artifacts, Format
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.image_digests import find_unpinned
from platinfra.targets.kubernetes.render import folder


def artifacts(made: Bundle, kind: Format) -> Artifacts:
    """Return the files of a stack in a cluster; raise PlatinfraError when a chart cannot be had."""
    from platinfra.drivers import helm
    from platinfra.targets.kubernetes.verbs.session import render_charts

    charts = render_charts(made, helm.find(), made.place.version, frozenset()) if kind == "manifests" else {}
    written = {name: text.encode() for name, text in folder(made, kind, charts).items()}
    objects = [*made.objects, *(each for found in charts.values() for each in found)]
    warnings = () if made.place.digests is None else tuple(find_unpinned(objects, made.place.digests))
    return Artifacts(f"{made.place.namespace}-kubernetes", written, warnings)
