"""How a tool runs on Kubernetes, as authors of `tool.yaml` write it: charts of others, workloads and objects of ours."""

from typing import Any, Literal

from pydantic import Field

from platinfra.catalog.entry import Argument, Attribute, Entry


class Chart(Entry):
    """A Helm chart; the release is named as the component, or `COMPONENT-KEY` where the key is not `main`."""

    name: str = Field(description="The chart.")
    repository: str = Field(description="Address of its repository, https:// or oci://.")
    version: str = Field(description="The chart's version.")
    values: dict[str, Any] = Field(default={}, description="Its values; texts may hold references.")
    namespace: str | None = Field(
        default=None, description="Its own namespace: the release serves the whole cluster and is shared by stacks."
    )
    kinds: list[str] = Field(
        default=[], description="Custom kinds it installs, such as `postgresql.cnpg.io/v1/Cluster`."
    )
    after: list[str] = Field(default=[], description="Charts of the same tool that are installed first.")
    pods: dict[str, str] = Field(
        default={"app.kubernetes.io/instance": "${release}"}, description="Labels that all its pods have."
    )


class ClusterAddress(Entry):
    """Where an endpoint is inside the cluster."""

    host: str = Field(default="${name}", description="Name of its Kubernetes Service.")
    port: int | None = Field(default=None, description="The Service's port; that of the endpoint when absent.")
    target: int | None = Field(default=None, description="The port of the pods; that of the endpoint when absent.")


class Rule(Entry):
    """What a component may do through the Kubernetes API, in its own namespace."""

    groups: list[str] = Field(default=[""], description="API groups; an empty text is the core group.")
    resources: list[str] = Field(description="Such as pods or jobs.")
    verbs: list[str] = Field(description="Such as get or create; never `*`.")
    reason: str = Field(description="What for, in a sentence.")


class Outside(Entry):
    """A place outside the stack that pods have to reach, beside what their wires say."""

    ports: list[int] = Field(default=[443], description="TCP ports.")
    reason: str = Field(description="What for, in a sentence.")


class Inside(Entry):
    """Another namespace of the cluster whose pods reach the component, such as an operator's."""

    namespace: str = Field(description="The namespace.")
    ports: list[int] = Field(description="TCP ports of the component's pods.")
    reason: str = Field(description="What for, in a sentence.")


class Code(Entry):
    """Pods in which people run code of their own; the component's other pods are apart from them."""

    labels: dict[str, str] = Field(description="What these pods have beside the labels of all pods of the component.")
    ports: list[int] = Field(description="TCP ports at which the component's other pods reach them.")


class Volume(Entry):
    """Storage that outlives the pod."""

    path: str = Field(description="Where it is mounted.")
    size: str = Field(default="10Gi", description="How much of it, as a Kubernetes quantity.")


class SecretKey(Entry):
    """One entry of a Secret that people make themselves."""

    secret: str = Field(description="The Secret, in the stack's namespace.")
    key: str = Field(description="The entry.")


class Existing(Entry):
    """What people have outside the cluster, where no cloud below the cluster brings it: settings name it, their Secret opens it."""

    provides: dict[str, dict[Attribute, str]] = Field(
        description="Attributes for consumers; one that resolves to an empty text is left out."
    )
    secret: str = Field(description="A Secret that you create in the stack's namespace; `up` copies its content.")
    keys: list[str] = Field(description="Its entries: in `credentials`, `${given.KEY}` is the value of one.")


class Autoscale(Entry):
    """How many pods of a Deployment there are as their processors get busy."""

    max: str | int = Field(description="Maximum number of pods; a value not above `replicas` turns it off.")
    cpu: int = Field(default=80, ge=1, le=100, description="Percent of `cpu` that pods use before more are started.")


class Beside(Entry):
    """A container beside the main one of a pod: it starts before it, ends after it, and is confined in the same way."""

    image: str = Field(description="The container image; `${image}` for the one built from the tool's lock.")
    command: list[Argument] = Field(default=[], description="Program and arguments; no shell.")
    env: dict[str, str] = Field(default={}, description="Variables; none may hold a secret.")
    credentials: list[str] = Field(default=[], description="Requirements whose credentials it gets as variables.")
    writable: list[str] = Field(default=["/tmp"], description="Its own folders, lost with the pod.")  # noqa: S108
    ready: str | None = Field(
        default=None, description="A file it creates before the main container may start; its image needs `test`."
    )
    startup_seconds: int = Field(default=300, description="How long to wait for that file.")
    cpu: str = Field(default="50m", description="CPU request; may contain references, as may the following.")
    memory: str = Field(default="128Mi", description="Memory request.")
    memory_limit: str | None = Field(default=None, description="Memory limit; twice `memory` when absent.")


class Workload(Entry):
    """Pods that platinfra describes itself, confined as the profile *restricted* asks."""

    kind: Literal["Deployment", "StatefulSet", "CronJob", "Job"] = Field(
        default="Deployment", description="StatefulSet when it keeps data."
    )
    image: str = Field(description="The container image; `platinfra` for the one built from the tool's lock.")
    command: list[Argument] = Field(default=[], description="Program and arguments; no shell.")
    env: dict[str, str] = Field(default={}, description="Variables; those with a secret come from a Secret.")
    secret_env: dict[str, SecretKey] = Field(default={}, description="Variables from a Secret that you create.")
    credentials: list[str] = Field(
        default=[], description="Requirements whose credentials the process gets as variables."
    )
    clients: bool = Field(default=False, description="Gets the variables of the clients of what it is wired to.")
    api: bool = Field(default=True, description="Gets a token for the Kubernetes API, where the tool has `rbac`.")
    files: dict[str, str] = Field(default={}, description="Absolute path to content.")
    endpoints: list[str] = Field(default=[], description="The endpoints it serves.")
    volume: Volume | None = Field(default=None, description="Where it keeps data.")
    writable: list[str] = Field(default=["/tmp"], description="Writable folders, lost with the pod.")  # noqa: S108
    shared: list[str] = Field(default=[], description="Folders shared by all its containers, lost with the pod.")
    beside: dict[str, Beside] = Field(default={}, description="Further containers of the same pod.")
    cpu: str = Field(default="100m", description="CPU request; may contain references, as may the following.")
    memory: str = Field(default="256Mi", description="Memory request.")
    memory_limit: str | None = Field(default=None, description="Memory limit; twice `memory` when absent.")
    gpus: str | int = Field(default=0, description="GPUs of one pod.")
    replicas: str | int = Field(default=1, description="Number of pods; the minimum if autoscaled.")
    autoscale: Autoscale | None = Field(default=None, description="Deployment: autoscaling.")
    schedule: str | None = Field(default=None, description="CronJob: when, in the five fields of cron.")
    user: int = Field(default=10001, ge=1, description="User and group id that it runs as.")
    startup_seconds: int = Field(default=300, description="How long it may take to answer after starting.")
    exceptions: dict[Literal["readOnlyRootFilesystem"], str] = Field(
        default={}, description="Security settings it does not support, and the reason."
    )


class Admission(Entry):
    """A Job that admits one consumer, as a database makes a login; its pod is confined as those of workloads."""

    image: str = Field(description="The container image.")
    command: list[str] = Field(description="Program and arguments; no secrets, which everybody may read there.")
    env: dict[str, str] = Field(default={}, description="Variables; none may hold a secret.")
    secret_env: dict[str, SecretKey] = Field(default={}, description="Variables from entries of Secrets.")
    secrets: list[str] = Field(default=[], description="Secrets whose entries all become variables.")
    retries: int = Field(default=6, description="How often it is tried again.")


class KubernetesRun(Entry):
    """How the tool runs on Kubernetes."""

    charts: dict[str, Chart] = Field(default={}, description="Releases, in installation order.")
    workloads: dict[str, Workload] = Field(default={}, description="Our own pods; `main` is named as the component.")
    objects: list[dict[str, Any]] = Field(default=[], description="Additional objects, such as custom resources.")
    pods: list[dict[str, str]] = Field(
        default=[],
        description="Labels of the pods that its custom resources create in the stack's namespace.",
    )
    jobs: list[dict[str, str]] = Field(
        default=[],
        description="Labels of the pods that come and go with its jobs: without any it is healthy too.",
    )
    secrets: dict[str, dict[str, str]] = Field(
        default={}, description="Secrets of the component: `${secret.NAME}` is the name of one."
    )
    places: dict[str, ClusterAddress] = Field(
        default={}, description="Endpoints that are not at the Service with the component's name."
    )
    provides: dict[str, dict[Attribute, str]] = Field(
        default={}, description="Attributes for consumers in the cluster, instead of `provides`."
    )
    credentials: dict[str, dict[str, str]] = Field(
        default={}, description="Capability to the content of each consumer's Secret."
    )
    grants: dict[str, list[dict[str, Any]]] = Field(
        default={}, description="Capability to the objects that admit one consumer."
    )
    admissions: dict[str, Admission] = Field(
        default={}, description="Capability to the Job that admits one consumer, beside the objects of `grants`."
    )
    existing: Existing | None = Field(
        default=None, description="How it is used outside of the cloud whose service it is."
    )
    rbac: list[Rule] = Field(default=[], description="What it may do through the Kubernetes API.")
    outside: list[Outside] = Field(default=[], description="What it connects to outside the stack.")
    inside: list[Inside] = Field(default=[], description="What may connect to it from other namespaces.")
    code: Code | None = Field(
        default=None,
        description="Pods with code of people: they get the wires of `uses: stack`, with an account of their own, `${code.account}`.",
    )
    account: bool = Field(
        default=True, description="Whether it gets a service account; an operator may create its own."
    )
    requirements: str | None = Field(
        default=None,
        description="Hashed requirements file that its image is built from; that of `local`, or `requirements.lock.txt`, when absent.",
    )
    image_packages: list[str] = Field(
        default=[], description="Debian packages that the image from the tool's lock needs beside Python."
    )
    dashboards: dict[str, str] | None = Field(
        default=None, description="Labels of the ConfigMaps that it loads as dashboards."
    )
    exceptions: dict[str, str] = Field(
        default={}, description="Rules of the *restricted* profile that its chart's pods break, and why."
    )
    client_env: dict[str, str] | None = Field(
        default=None, description="Variables of code in the cluster that uses the tool, instead of those of `client`."
    )
    client_secret_env: dict[str, SecretKey] = Field(
        default={}, description="Variables of such code from Secrets in the stack's namespace."
    )
    client_only: bool = Field(
        default=False, description="Nothing runs: code that uses it gets its settings and permissions."
    )
