"""What AWS is to the cluster on it: which components are services there, what they tell, whose pods get a role."""

from collections.abc import Mapping, Sequence
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.model.reference import Secret
from platinfra.model.template import Value
from platinfra.targets.aws import controllers, karpenter, nodes
from platinfra.targets.aws.autoscalers import AUTOSCALERS
from platinfra.targets.aws.facts import CODE, FILES, MAIN, AwsValues
from platinfra.targets.aws.roles import roles


def owner(account: str, region: str, namespace: str) -> str:
    """Return by which name the DNS records of a stack are told from those of others in the same zone."""
    return f"platinfra-{account}-{region}-{namespace}"


class AwsCloud:
    """Implements `Cloud` by the same names that the Terraform folder uses."""

    def __init__(self, values: AwsValues, told: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Remember Terraform's outputs, where it was applied: what it tells of each wire, and of administrators."""
        self._values = values
        self._told = (told or {}).get("wires", {})
        self._platform: Mapping[str, Any] = (told or {}).get("platform", {})
        self._administrators: Mapping[str, str] = (told or {}).get("administrators", {})
        self._identified = {(each.component, each.key) for each in roles(values) if each.pod}

    def attribute(self, binding: Binding, name: str) -> Value:
        """Return what a service tells one of its consumers: names that follow from the file, the rest once it is up."""
        told = self._told.get(self._values.facts.wire(binding), {})
        return told[name] if name in told else self._values.facts.documents.attribute(binding, name)

    def client_env(self, binding: Binding) -> Mapping[str, Any]:
        """Return the variables of code that uses a service: names that follow from the file, the rest once it is up."""
        provider = self._values.graph.components[binding.provider]
        env = self._values.tool(provider).client.env
        told = {f"wire.{name}": each for name, each in self._told.get(self._values.facts.wire(binding), {}).items()}
        return dict(self._values.facts.documents.value(env, provider, binding, told))

    def load_balancer(self, scheme: str | None) -> Mapping[str, str]:
        """
        Return the annotations of a network load balancer, inside the network unless said otherwise.

        In a cluster that exists, both of EKS' controllers understand them.
        """
        place, inside = self._values.facts.place, (scheme or "internal") == "internal"
        own = "service.beta.kubernetes.io/aws-load-balancer"
        where = {f"{own}-scheme": "internal" if inside else "internet-facing"}
        if place.cluster.is_auto:
            return where  # it makes network load balancers without being asked, and knows the scheme alone (EKS user guide)
        if not place.deployment.makes_balancers:
            return {f"{own}-type": "nlb", **where, **({f"{own}-internal": "true"} if inside else {})}
        # Subnets of others need not have the tags by which the controller finds its own.
        named = place.network.private_subnets if inside else place.network.public_subnets
        subnets = {f"{own}-subnets": ",".join(named)} if place.network.vpc_id and named else {}
        return {f"{own}-type": "external", f"{own}-nlb-target-type": "ip", **where, **subnets}

    def fact(self, name: str) -> Any:
        """Return what controllers have to know of the cluster and of the domain."""
        place = self._values.facts.place
        domain = place.deployment.domain
        facts = {
            "region": place.region.name,
            "vpc": self._of_platform("network.vpc_id"),
            "domain": domain.name if domain else None,
            "zone": self._zone(),
            "owner": owner(place.account, place.region.name, place.prefix),
            "cluster": place.cluster_name,
            "queue": place.name(karpenter.QUEUE),
            # Each has to lie on a core node of its own.
            "controllers": min(2, place.cluster.min),
        }
        return facts.get(name)

    def objects(self, component: Component | None) -> Sequence[Mapping[str, Any]]:
        """Return pools of nodes, the issuer of certificates, and what a new cluster is told itself."""
        place = self._values.facts.place
        if component is None:
            files = self._platform.get("files_id", self._values.facts.platform.get(FILES))
            return [] if place.cluster.name else list(nodes.of_cluster(place, files))
        provides = self._values.tool(component).provides
        if controllers.CERTIFICATES in provides and place.deployment.makes_issuer:
            return [controllers.issuer(self._values, self._zone())]
        adds_nodes = any(each.capability in provides for each in AUTOSCALERS.values())
        return nodes.of_autoscaler(place, component) if adds_nodes else []

    def _zone(self) -> Any:
        """Return the id of the domain's zone; a reference where nobody knows it yet."""
        return self._platform.get("domain_zone_id") or controllers.zone(self._values)

    def _of_platform(self, name: str) -> Any:
        """Return something of the platform as Terraform told it; a reference where it did not yet."""
        return self._platform.get(name.replace(".", "_")) or self._values.facts.platform[name]

    def identifies(self, component: Component, *, code: bool = False) -> bool:
        """Tell whether the pods of a component get a role, or those with people's code do."""
        return (component.name, CODE if code else MAIN) in self._identified

    def administers(self, component: Component) -> bool:
        """Tell whether the logins of a service are made by who brings the stack up, and not by hand."""
        return bool(self._values.facts.administrator(component))

    def _keeps(self, binding: Binding) -> bool:
        """Tell whether AWS keeps the password of a login: it made it, or somebody by hand."""
        provider = self._values.graph.components[binding.provider]
        kept = self._values.facts.module_called(provider) or not self.administers(provider)
        return provider.is_service and self._values.facts.has_logins(binding.capability) and kept

    def secret(self, secret: Secret) -> tuple[str, str] | None:
        """Return where in Secrets Manager a secret of the stack is: name or ARN, and field; None when it is not there."""
        graph, facts = self._values.graph, self._values.facts
        name, field = facts.secret_name(secret.component, secret.name), "value"
        match secret.kind:
            case "administrator":
                return self._administrators[secret.component], secret.name
            case "login":
                binding = self._values.binding(secret.component, secret.name)
                kept, field = binding is not None and self._keeps(binding), "password"
            case "own":
                kept = not graph.components[secret.component].is_service
            case "given":
                kept = False
        return (name, field) if kept else None
