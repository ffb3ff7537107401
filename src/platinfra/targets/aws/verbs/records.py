"""Write down what is known of a stack on AWS, and read it again when it is lost."""

from platinfra.drivers.record_file import RecordFile
from platinfra.model.graph import Component
from platinfra.model.workspace import Workspace
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.record import CloudComponent, CloudRecord, kept_calls, of_terraform, read_artifacts
from platinfra.targets.aws.verbs.stack import CloudStack, state_key, terraform_folder
from platinfra.targets.folder import TERRAFORM
from platinfra.targets.target import refuse_another_stack


def refuse_another(cloud: CloudStack) -> None:
    """Raise PlatinfraError when something else is up in the folder: a stack of another name, or one on another target."""
    before = RecordFile(cloud.workspace.root, CloudRecord).load_readable()
    refuse_another_stack(before, cloud.stack.graph.stack)


def write(cloud: CloudStack, *, pending: bool) -> None:
    """Write down what other commands need to know without the file."""
    RecordFile(cloud.workspace.root, CloudRecord).save(record_of(cloud, pending=pending))


def last_record(workspace: Workspace) -> CloudRecord:
    """Return what `up` wrote down; where that is lost, what its Terraform folder tells; an empty record without both."""
    file = RecordFile(workspace.root, CloudRecord)
    record = file.load_readable()
    if record.account or not (terraform_folder(workspace) / TERRAFORM).is_file():
        return record
    return file.read(read_artifacts(workspace.root))


def record_of(cloud: CloudStack, *, pending: bool) -> CloudRecord:
    """Return what is written down of a stack before Terraform is begun, and when it came to its end."""
    place, graph = cloud.place, cloud.stack.graph
    return CloudRecord(
        stack=graph.stack,
        target=CloudRecord.destination,
        applied=of_terraform(pending=pending),
        components={name: _component(each, cloud.values) for name, each in graph.components.items()},
        account=place.account,
        region=place.region.name,
        state_key=state_key(place),
        eks_cluster=place.cluster_name if "cluster" in cloud.stack.ground.places else None,
        kept=kept_calls(cloud.with_state[0].modules),
    )


def _component(component: Component, values: AwsValues) -> CloudComponent:
    http = values.tool(component).endpoints.get("http") if component.place == "machine" else None
    return CloudComponent(component.tool, component.stages, component.reason, http.port if http else None)
