# SPDX-License-Identifier: Apache-2.0
"""Names in a scenario: each is given once, and those used must be given."""

from patrii_billing import strict_yaml as yaml


class Names:
    """The names met so far, by what they name."""

    def __init__(self) -> None:
        self._given: dict[str, set[str]] = {}
        self._used: list[tuple[str, yaml.Node]] = []

    def give(self, kind: str, node: yaml.Node) -> str:
        """A name for something new. Raises InvalidInput where it is taken."""
        name = node.text()
        given = self._given.setdefault(kind, set())
        if name in given:
            raise node.wrong(f'{kind} {name} is given twice')
        given.add(name)
        return name

    def use(self, kind: str, node: yaml.Node) -> str:
        """A name of something that is given here, before or after."""
        self._used.append((kind, node))
        return node.text()

    def check(self) -> None:
        """Raises InvalidInput for the first name that nobody gave."""
        for kind, node in self._used:
            if node.text() not in self._given.get(kind, ()):
                raise node.wrong(f'there is no {kind} {node.text()}')
