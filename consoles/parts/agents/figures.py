"""What `/metrics` shows of edge agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from consoles.parts.agents.registry import AgentState


def figures(states: Mapping[str, AgentState]) -> Iterator[Metric]:
    """Return what is known of the agents of this hub."""
    up = GaugeMetricFamily("triune_agent_up", "1 while the agent is connected to this hub", labels=["agent"])
    since = GaugeMetricFamily("triune_agent_since_seconds", "When it came or went (Unix time)", labels=["agent"])
    behind = GaugeMetricFamily("triune_agent_behind_items", "Items it has still to tell", labels=["agent"])
    size = GaugeMetricFamily("triune_agent_behind_bytes", "And how large they are", labels=["agent"])
    clock = GaugeMetricFamily("triune_agent_clock_ahead_seconds", "Its clock before ours", labels=["agent"])
    plates = GaugeMetricFamily("triune_agent_plates_failing", "1 while its plate readers cannot run", labels=["agent"])
    shed = CounterMetricFamily("triune_agent_shed_items", "Items it gave up unsent", labels=["agent", "kind"])
    unstored = CounterMetricFamily("triune_agent_not_stored_items", "Its disk refused these", labels=["agent"])
    for agent, state in states.items():
        up.add_metric([agent], state.up)
        since.add_metric([agent], state.since_ms / 1000)
        behind.add_metric([agent], state.behind)
        size.add_metric([agent], state.behind_bytes)
        clock.add_metric([agent], state.clock_ahead_ms / 1000)
        plates.add_metric([agent], bool(state.no_plates))
        unstored.add_metric([agent], state.not_stored)
        for kind, count in state.shed.items():
            shed.add_metric([agent, kind], count)
    yield from (up, since, behind, size, clock, plates, shed, unstored, *_disks(states))


def _disks(states: Mapping[str, AgentState]) -> Iterator[Metric]:
    labels = ["agent", "disk"]
    used = GaugeMetricFamily("triune_agent_disk_bytes", "What its recordings take on a disk", labels=labels)
    room = GaugeMetricFamily("triune_agent_disk_capacity_bytes", "What they may take there", labels=labels)
    failing = GaugeMetricFamily("triune_agent_disk_failing", "1 while something is wrong with it", labels=labels)
    for agent, state in states.items():
        for number, disk in enumerate(state.disks, 1):
            used.add_metric([agent, str(number)], disk.bytes)
            room.add_metric([agent, str(number)], disk.capacity_bytes)
            failing.add_metric([agent, str(number)], bool(disk.reason))
    yield from (used, room, failing)
