"""The flow that `check.py write` runs."""

from metaflow import FlowSpec, Parameter, step


class PlatinfraCheck(FlowSpec):
    """Reverse a text in two steps."""

    text = Parameter("text", default="")

    @step
    def start(self) -> None:
        """Do the first step: keep the text."""
        self.kept = self.text
        self.next(self.end)

    @step
    def end(self) -> None:
        """Do the second step: reverse what the first one kept."""
        self.turned = self.kept[::-1]


if __name__ == "__main__":
    PlatinfraCheck()
