"""
The *restricted* profile of the Pod Security Standards, baseline included.

Source: Kubernetes' documentation, "Pod Security Standards", as of 1.34. Windows pods are judged like Linux ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from platinfra.targets.kubernetes.rules.place import Place
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, templates
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import resources

Exceptions = Mapping[tuple[str, str], str]
"""From an object (`DaemonSet ns/name`) and a rule to the reason why the object may break it."""
Finding = tuple[str, Place, str, str]
"""A rule, a place, what is wrong there, and what mends it."""

_VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_PROFILES = frozenset({"RuntimeDefault", "Localhost"})
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = (("lifecycle", "postStart"), ("lifecycle", "preStop"))


def check_restricted(
    pod_spec: Mapping[str, Any],
    *,
    title: str = "Pod",
    path: str = "spec",
    annotations: Mapping[str, str] | None = None,
    exceptions: Exceptions | None = None,
) -> list[Problem]:
    """Return where a pod's specification breaks the profile; `title` is the object that exceptions name."""
    excused = exceptions or {}
    place = Place({"spec": pod_spec, "metadata": {"annotations": annotations or {}}})
    found = [
        Problem(rule, title, at.path.replace("spec", path, 1) if at.path.startswith("spec") else at.path, message, hint)
        for rule, at, message, hint in _findings(place)
    ]
    return [problem for problem in found if not excused.get((title, problem.rule))]


def restricted_objects(objects: Sequence[Mapping[str, Any]], *, exceptions: Exceptions | None = None) -> list[Problem]:
    """Return where the pods of objects break the profile; an exception without a reason excuses nothing."""
    excused = exceptions or {}
    return [each for each in _find_broken(objects) if not excused.get((each.object, each.rule))]


def needless_exceptions(objects: Sequence[Mapping[str, Any]], *, exceptions: Exceptions) -> list[Problem]:
    """Return the exceptions that excuse nothing, because the object is not there or does not break the rule."""
    used = {(each.object, each.rule) for each in _find_broken(objects)}
    message = "the exception from `{}` excuses nothing"
    return [
        Problem("needless-exception", title, "", message.format(rule), "remove it")
        for title, rule in sorted(set(exceptions) - used)
    ]


def _find_broken(objects: Sequence[Mapping[str, Any]]) -> list[Problem]:
    return [
        each.problem(rule, at, message, hint)
        for each in resources(objects)
        for template in templates(each)
        for rule, at, message, hint in _findings(template.place)
    ]


def _findings(template: Place) -> Iterator[Finding]:
    spec = template.at("spec")
    containers = [each for name in CONTAINERS for each in spec.at(name).each()]
    for rule in _POD_RULES:
        yield from rule(spec)
    for rule in _ANYWHERE:
        for holder in (spec, *containers):
            yield from rule(holder.at("securityContext"))
    for rule in _CONTAINER_RULES:
        for container in containers:
            yield from rule(container)
    yield from _run_as_non_root(spec, containers)
    yield from _seccomp_set(spec, containers)
    yield from _apparmor_annotations(template.at("metadata", "annotations"))


def _host_namespaces(spec: Place) -> Iterator[Finding]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.at(field).value not in (None, False):
            yield "host-namespaces", spec.at(field), f"the pod shares `{field}` with its node", "remove it"


def _volume_types(spec: Place) -> Iterator[Finding]:
    for volume in spec.at("volumes").each():
        kinds = {key for key, value in volume.mapping.items() if key != "name" and value is not None}
        if "hostPath" in kinds:
            yield "host-path", volume.at("hostPath"), "the pod mounts a folder of its node", "use another volume"
        elif kinds and not kinds & _VOLUMES:
            message = f"volumes of the type {', '.join(sorted(kinds))} are not allowed"
            yield "volume-types", volume, message, f"one of {', '.join(sorted(_VOLUMES))}"


def _sysctls(spec: Place) -> Iterator[Finding]:
    for each in spec.at("securityContext", "sysctls").each():
        if each.at("name").text not in _SYSCTLS:
            yield "sysctls", each.at("name"), f"`{each.at('name').text}` is not a safe sysctl", "remove it"


def _host_process(context: Place) -> Iterator[Finding]:
    place = context.at("windowsOptions", "hostProcess")
    if place.value not in (None, False):
        yield "host-process", place, "a process of the host", "remove it"


def _selinux(context: Place) -> Iterator[Finding]:
    options = context.at("seLinuxOptions")
    if options.at("type").text not in _SELINUX_TYPES:
        yield "selinux", options.at("type"), f"`{options.at('type').value}` is not a type for containers", "container_t"
    for field in ("user", "role"):
        if options.at(field).value not in (None, ""):
            yield "selinux", options.at(field), f"a {field} of SELinux is set", "remove it"


def _apparmor(context: Place) -> Iterator[Finding]:
    place = context.at("appArmorProfile", "type")
    if place.present and place.text not in _PROFILES:
        yield "apparmor", place, f"the AppArmor profile is `{place.value}`", "RuntimeDefault or Localhost"


def _seccomp(context: Place) -> Iterator[Finding]:
    place = context.at("seccompProfile", "type")
    if context.at("seccompProfile").present and place.text not in _PROFILES:
        yield "seccomp", place, f"the seccomp profile is `{place.value}`", "RuntimeDefault or Localhost"


def _run_as_user(context: Place) -> Iterator[Finding]:
    if context.at("runAsUser").value == 0:
        yield "run-as-user", context.at("runAsUser"), "the user is root", "write the number of another user"


def _find_privileges(container: Place) -> Iterator[Finding]:
    place = container.at("securityContext", "privileged")
    if place.value not in (None, False):
        yield "privileged", place, "the container is privileged", "remove it"


def _privilege_escalation(container: Place) -> Iterator[Finding]:
    place = container.at("securityContext", "allowPrivilegeEscalation")
    if place.value is not False:
        yield "privilege-escalation", place, "processes may gain privileges", "allowPrivilegeEscalation: false"


def _capabilities(container: Place) -> Iterator[Finding]:
    capabilities = container.at("securityContext", "capabilities")
    if "ALL" not in [each.value for each in capabilities.at("drop").each()]:
        yield "capabilities", capabilities.at("drop"), "the container keeps capabilities", "drop: [ALL]"
    for each in capabilities.at("add").each():
        if each.value != "NET_BIND_SERVICE":
            yield "capabilities", each, f"the capability {each.value} is added", "only NET_BIND_SERVICE may be"


def _host_ports(container: Place) -> Iterator[Finding]:
    for place in container.find("ports", "*", "hostPort"):
        if place.value != 0:
            yield "host-ports", place, f"the container takes port {place.value} of its node", "remove `hostPort`"


def _host_probes(container: Place) -> Iterator[Finding]:
    for path in (*((probe,) for probe in _PROBES), *_HOOKS):
        for action in ("httpGet", "tcpSocket"):
            place = container.at(*path, action, "host")
            if place.value not in (None, ""):
                yield "host-probes", place, f"the probe asks another host, `{place.value}`", "remove `host`"


def _proc_mount(container: Place) -> Iterator[Finding]:
    place = container.at("securityContext", "procMount")
    if place.value not in (None, "", "Default"):
        yield "proc-mount", place, f"/proc is mounted `{place.value}`", "remove it"


def _run_as_non_root(spec: Place, containers: Iterable[Place]) -> Iterator[Finding]:
    """Judge by the container's word, and by the pod's where it has none."""
    pod = spec.at("securityContext", "runAsNonRoot")
    for container in containers:
        place = container.at("securityContext", "runAsNonRoot")
        decisive = place if place.present else pod
        if decisive.value is not True:
            yield "run-as-non-root", place, "the container may run as root", "runAsNonRoot: true"


def _seccomp_set(spec: Place, containers: Iterable[Place]) -> Iterator[Finding]:
    if spec.at("securityContext", "seccompProfile", "type").present:
        return
    for container in containers:
        place = container.at("securityContext", "seccompProfile")
        if not place.at("type").present:
            yield "seccomp", place, "no seccomp profile is set", "seccompProfile: {type: RuntimeDefault}"


def _apparmor_annotations(annotations: Place) -> Iterator[Finding]:
    for key, value in annotations.mapping.items():
        allowed = value == "runtime/default" or str(value).startswith("localhost/")
        if str(key).startswith(_APPARMOR_ANNOTATION) and not allowed:
            yield "apparmor", annotations.at(str(key)), f"the AppArmor profile is `{value}`", "runtime/default"


_Rule = Callable[[Place], Iterator[Finding]]
_POD_RULES: tuple[_Rule, ...] = (_host_namespaces, _volume_types, _sysctls)
_ANYWHERE: tuple[_Rule, ...] = (_host_process, _selinux, _apparmor, _seccomp, _run_as_user)
_CONTAINER_RULES: tuple[_Rule, ...] = (
    _find_privileges,
    _privilege_escalation,
    _capabilities,
    _host_ports,
    _host_probes,
    _proc_mount,
)
RULES = frozenset(
    {
        "host-namespaces",
        "volume-types",
        "host-path",
        "sysctls",
        "host-process",
        "selinux",
        "apparmor",
        "seccomp",
        "run-as-user",
        "privileged",
        "privilege-escalation",
        "capabilities",
        "host-ports",
        "host-probes",
        "proc-mount",
        "run-as-non-root",
        "needless-exception",
    }
)
"""The names of the rules, in the words of the standard."""
