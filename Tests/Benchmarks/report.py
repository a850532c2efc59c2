"""Results: how rounds become a ratio, the table and the JSON file."""

import json
import statistics
from dataclasses import asdict, dataclass


@dataclass
class Result:
    group: str
    name: str
    ours: float
    peer: float | None
    peerName: str | None
    unit: str
    # Ours to the peer's, the median over the rounds: above 1, ours is better, whatever the unit.
    ratio: float | None
    # Smallest and largest of the rounds: of the ratio, or of ours where there is no peer.
    spread: list[float]
    goal: str | None
    met: bool | None

    @property
    def is_noisy(self):
        middle = self.ours if self.ratio is None else self.ratio
        return middle > 0 and self.spread[1] - self.spread[0] > 0.3 * middle


class Report:
    def __init__(self, machine):
        self.machine = machine
        self.results = []

    def compare(self, group, name, ours, peer, peer_name, unit, goal=None, more_is_better=True):
        """Adds a comparison: `ours[i]` and `peer[i]` are of the same round, `goal` is the least ratio."""
        ratios = [a / b if more_is_better else b / a for a, b in zip(ours, peer, strict=True)]
        ratio = statistics.median(ratios)
        self.results.append(
            Result(
                group, name, statistics.median(ours), statistics.median(peer), peer_name, unit, ratio,
                [min(ratios), max(ratios)], None if goal is None else f"ratio >= {goal:.3g}",
                None if goal is None else ratio >= goal))

    def measure(self, group, name, values, unit, limit=None):
        """Adds what has no peer; `limit` is the most its median may be."""
        value = statistics.median(values)
        self.results.append(
            Result(
                group, name, value, None, None, unit, None, [min(values), max(values)],
                None if limit is None else f"<= {limit} {unit}", None if limit is None else value <= limit))

    def print(self):
        rows = [["group", "what", "ours", "peer", "unit", "ratio", "rounds", "goal", ""]]
        for result in self.results:
            peer = f"{number(result.peer)}  {result.peerName}" if result.peerName else ""
            verdict = {True: "met", False: "MISSED", None: ""}[result.met] + (" (noisy)" if result.is_noisy else "")
            rows.append([
                result.group, result.name, number(result.ours), peer, result.unit, number(result.ratio),
                f"{number(result.spread[0])} … {number(result.spread[1])}", result.goal or "", verdict.strip()])
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        rows.insert(1, ["-" * width for width in widths])
        print(f"\n{self.machine['line']}\n")
        for row in rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
        print("\nA ratio above 1: ours is better. Absolute figures hold for this run only.")

    def write(self, path):
        content = {"machine": self.machine, "results": [asdict(result) for result in self.results]}
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
