"""What AWS is to the cluster on it: which components are services there, what they tell, whose pods get a role."""

from collections.abc import Mapping
from typing import Any

from platinfra.model.graph import Binding, Component
from platinfra.targets.aws.roles import roles
from platinfra.targets.aws.values import Values


class AwsCloud:
    """Implements `Cloud` by the same names that the Terraform folder uses."""

    def __init__(self, values: Values, told: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Remember what Terraform told of each wire (its output `wires`), where it was applied."""
        self._values = values
        self._told = told or {}
        self._identified = {each.component for each in roles(values) if each.pod}

    def serves(self, component: Component) -> bool:
        """Tell whether a component is a service of AWS, and no pods."""
        return not self._values.is_application(component)

    def attribute(self, binding: Binding, name: str) -> Any:
        """Return what a service tells one of its consumers: names that follow from the file, the rest once it is up."""
        told = self._told.get(f"{binding.consumer}.{binding.name}", {})
        return told[name] if name in told else self._values.attribute(binding, name, document=True)

    def identifies(self, component: Component) -> bool:
        """Tell whether the pods of a component get a role."""
        return component.name in self._identified
