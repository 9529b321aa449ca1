"""From the last step of a plan to the node that does it."""

from collections.abc import Mapping
from typing import Any

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.base import KeyedMachine
from queqiao.ports.compute.machine_rows import MachineRows
from queqiao.ports.compute.node import Node, NoKeys
from queqiao.ports.compute.plan import (
    Columns,
    Machine,
    Plan,
    Session,
    Windows,
    check_plan,
    result_columns,
)
from queqiao.ports.compute.session_windows import SessionWindows
from queqiao.ports.compute.time_windows import TimeWindows

Machines = Mapping[str, KeyedMachine[Any]]


def node_of(plan: Plan, columns: Columns, machines: Machines, seen_us: int) -> Node:
    """Return the node of a plan over the columns before it.

    Raises InvalidInput when its machine is missing, or needs a column that is not there.
    """
    step = plan.steps[-1] if plan.steps else None
    if isinstance(step, Windows):
        kind = SessionWindows if isinstance(step.window, Session) else TimeWindows
        return kind(step, columns, seen_us)
    if isinstance(step, Machine):
        return MachineRows(step, machine_of(step, columns, machines), seen_us)
    return NoKeys()


def columns_given(plan: Plan, machines: Machines) -> dict[str, Columns]:
    """Return the columns of what comes out: ``results`` and ``too_late``."""
    columns, step = check_plan(plan), plan.steps[-1] if plan.steps else None
    given = columns
    if isinstance(step, Windows):
        given = result_columns(step, columns)
    elif isinstance(step, Machine):
        given = machine_of(step, columns, machines).gives
    return {"results": given, "too_late": columns}


def machine_of(step: Machine, columns: Columns, machines: Machines) -> KeyedMachine[Any]:
    """Return the machine that a step names."""
    machine = machines.get(step.machine)
    if machine is None:
        message = Message("引擎没有这个状态机", "the engine was not given this machine")
        raise InvalidInput(FieldError("steps.machine", message))
    for name, kind in machine.reads.items():
        if columns.get(name) != kind:
            message = Message(f"状态机需要 {kind} 列", f"the machine needs it, of type {kind}")
            raise InvalidInput(FieldError(f"columns.{name}", message))
    return machine
