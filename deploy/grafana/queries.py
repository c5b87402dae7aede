"""The queries of the boards as Grafana would send them, read from the JSON that it reads.

Invariant: a variable that is not known here is an error, and never sent to Prometheus as it stands.
"""

import json
import pathlib
import re
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent


@dataclass(frozen=True)
class Query:
    """One query of a panel, of a variable, or of an annotation."""

    board: str
    panel: str
    expression: str
    legend: str = ""

    def labels(self):
        """The labels that its legend shows."""
        return set(re.findall(r"{{(\w+)}}", self.legend))

    def name_of(self, labels):
        """What the legend calls a series."""
        return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), self.legend)

    def with_variables(self, **values):
        """The expression with everything chosen, and these values for what is neither tenant, queue nor instance."""
        known = {"tenant": ".*", "queue": ".*", "instance": ".*", **values}
        return re.sub(r"\$(\w+)", lambda found: known[found[1]], self.expression)


def boards():
    """Every board as Grafana has it, by its file's name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(HERE.glob("*.json"))}


def of_panel(board, panel):
    return [Query(board, panel["title"], target["expr"], target["legendFormat"]) for target in panel.get("targets", [])]


def of_board(name, board):
    """Everything that a board asks: panels, annotations, and the values of its variables."""
    queries = [query for panel in board["panels"] for query in of_panel(name, panel)]
    queries += [Query(name, f"annotation {note['name']}", note["expr"]) for note in board["annotations"]["list"]]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            queries.append(Query(name, f"variable {variable['name']}", f"count by ({label}) ({selector})", f"{{{{{label}}}}}"))
    return queries
