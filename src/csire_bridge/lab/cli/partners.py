"""``csire-bridge lab``: a simulated hub, head-end system, SID and meters, for whoever tests against them."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.domain.metering_point.facts import MeteringPoint
    from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint
    from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
    from csire_bridge.lab.simulators.pki import DemoPki

__all__ = ["add_to"]

_lab = typer.Typer(help="A simulated hub, head-end system, SID and meters to test against.", no_args_is_help=True)
_METERS, _POINTS = "meters.json", "points.csv"

DirOption = Annotated[
    Path, typer.Option("--dir", help="Folder that all four share: certificates, list of meters.", file_okay=False)
]
ControlOption = Annotated[
    int, typer.Option("--control-port", min=0, max=65535, help="Port for faults and looks (POST /control); 0: any.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of everything random: the same seed, the same faults.")]
_OURS = "csire-bridge"
_LAB = Path("lab")


PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0: any free one.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_lab, name="lab")


@_lab.callback()
def group() -> None:
    """A simulated hub, head-end system, SID and meters to test against.

    Each runs on 127.0.0.1 until SIGTERM or Ctrl-C and prints its address and what to put into the settings file.
    docs/testing-against.md shows all four with a bridge.
    """


@_lab.command()
def hub(
    place: DirOption = _LAB,
    port: PortOption = 9101,
    control_port: ControlOption = 9102,
    seed: SeedOption = 0,
    operator_certificate: Annotated[
        list[Path] | None,
        typer.Option(help="A further certificate of ours (PEM), trusted beside that of the folder; more than once."),
    ] = None,
) -> None:
    """The market hub: a queue for us, a judge of what we send, results (R_1); certificates are made in the folder.

    Example:

        csire-bridge lab hub
    """
    from csire_bridge.lab.simulators.hub.control import control_of
    from csire_bridge.lab.simulators.hub.simulator import HubSimulator
    from csire_bridge.xml.security.certificates.keys import load_pins

    further = [one for file in operator_certificate or () for one in load_pins(file)]
    pki = replace(_pki(place), operators_other=tuple(further))
    simulator = HubSimulator(pki, seed=seed, port=port)
    with simulator:
        _run_until_signal(
            "hub",
            f"{simulator.url}/soap",
            control_of(simulator, folder("samples"), system_clock, control_port),
            _signing(pki),
            "[[partners]]",
            f'eic = "{pki.hub.eic}"',
            f'certificates = ["{pki.hub.certificate_file.resolve()}"]',
            "[hub]",
            f'url = "{simulator.url}"',
            f'tenant = "{simulator.tenant}"',
            f'user = "{simulator.user}"',
        )


@_lab.command()
def meters(
    place: DirOption = _LAB,
    port: PortOption = 9401,
    control_port: ControlOption = 9402,
    mode: Annotated[int, typer.Option(min=0, max=6, help="Control mode of the contactors (COSEM class 70).")] = 2,
) -> None:
    """The meters of the samples' metering points, behind one concentrator (DLMS/COSEM over TCP, wrapper).

    Writes into the folder: meters.json, by which `lab hes` finds them, and points.csv for `points import`.

    Example:

        csire-bridge lab meters
    """
    from csire_bridge.domain.identifiers import MeterNumber
    from csire_bridge.domain.meter.contactor import ControlState
    from csire_bridge.lab.simulators.meter.control import control_of
    from csire_bridge.lab.simulators.meter.meter import Meter, utc_now
    from csire_bridge.lab.simulators.meter.server import MeterServer

    server, points = MeterServer(port), _sample_points(system_clock())
    for point in points:
        if point.meter and point.has_contactor:
            state = ControlState.DISCONNECTED if point.connected is False else ControlState.CONNECTED
            server.add(Meter(MeterNumber(point.meter), mode, state, utc_now))
    host, chosen = server.host_and_port
    place.mkdir(parents=True, exist_ok=True)
    found = {"host": host, "port": chosen, "addresses": server.addresses}
    (place / _METERS).write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    _write_points(place / _POINTS, points)
    server.start()
    try:
        _run_until_signal(
            "meters",
            f"{host}:{chosen}, {counted(len(server.addresses), 'meter')}",
            control_of(server, control_port),
            remedy=f"csire-bridge points import {place / _POINTS} --by YOUR-NAME",
        )
    finally:
        server.stop()


@_lab.command()
def hes(
    place: DirOption = _LAB,
    port: PortOption = 9201,
    control_port: ControlOption = 9202,
    own_meters: Annotated[
        int, typer.Option("--own-meters", min=0, help="Host so many meters SIM000000000 and on, besides `lab meters`.")
    ] = 0,
    delay: Annotated[
        str, typer.Option(help="Seconds until a command is run: 2, 0.5:3, exponential:MEAN or lognormal:MEDIAN:SIGMA.")
    ] = "0.5:3",
    faults: Annotated[
        str | None, typer.Option(help="Faults from the start, as JSON; or the word plan: a bit of everything.")
    ] = None,
    dialect: Annotated[str, typer.Option(help="The dialect that it speaks: one of those that are shipped.")] = _OURS,
    seed: SeedOption = 0,
) -> None:
    """The head-end system: takes commands, runs them on the meters of `lab meters` or on its own, reports events.

    Start `lab meters` first: its meters are found by the folder.

    Example:

        csire-bridge lab hes --delay 1:2
    """
    from csire_bridge.lab.simulators.hes.control import control_of
    from csire_bridge.lab.simulators.hes.simulator import HeadEndFaults, HeadEndSimulator, meter_number

    chosen = HeadEndFaults()
    if faults is not None:
        chosen = HeadEndFaults.plan_value() if faults == "plan" else HeadEndFaults.read(_json(faults, "--faults"))
    numbers = [meter_number(index) for index in range(own_meters)]
    simulator = HeadEndSimulator(numbers, delay=delay, seed=seed, faults=chosen, port=port, dialect=dialect)
    told = own_meters + _connect_meters(simulator, place / _METERS)
    if not told:
        raise ConfigurationError(
            "the head-end system has no meters", "start csire-bridge lab meters, or give --own-meters"
        )
    simulator.start()
    try:
        control = control_of(simulator, control_port)
        settings = ("[head_end]", f'url = "{simulator.url}"', f'speaks = "{dialect}"')
        _run_until_signal("head-end system", f"{simulator.url}, {counted(told, 'meter')}", control, *settings)
    finally:
        simulator.stop()


@_lab.command()
def sid(port: PortOption = 9301, control_port: ControlOption = 9302, seed: SeedOption = 0) -> None:
    """The customer system SID: offers orders that the bridge fetches, and takes its reports.

    Example:

        csire-bridge lab sid
    """
    from csire_bridge.lab.simulators.sid.control import control_of
    from csire_bridge.lab.simulators.sid.simulator import SidSimulator

    with SidSimulator(seed=seed, port=port) as simulator:
        settings = ("[sid]", f'url = "{simulator.url}"')
        _run_until_signal("SID", simulator.url, control_of(simulator, control_port), *settings)


def _run_until_signal(name: str, address: str, control: ControlEndpoint, *settings: str, remedy: str = "") -> None:
    stop = threading.Event()
    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: stop.set()))
        stack.enter_context(_started(control))
        for line in (
            f"{name}: {address}",
            f"control: {control.url}",
            *(["", "settings file of the bridge:", *settings] if settings else []),
            *(["", f"next: {remedy}"] if remedy else []),
        ):
            typer.echo(line)
        stop.wait()


@contextmanager
def _started(control: ControlEndpoint) -> Iterator[None]:
    control.start()
    try:
        yield
    finally:
        control.stop()


def _pki(place: Path) -> DemoPki:
    """The certificates of the folder; made where there are none."""
    from csire_bridge.lab.simulators.pki import load_demo_pki, make_demo_pki

    return load_demo_pki(place) if (place / "pki").is_dir() else make_demo_pki(place, system_clock())


def _signing(pki: DemoPki) -> str:
    key, certificate = pki.operator.key_file.resolve(), pki.operator.certificate_file.resolve()
    return f'signing_key = "{key}"\nsigning_certificate = "{certificate}"'


def _sample_points(now: datetime) -> list[MeteringPoint]:
    from csire_bridge.lab.demo.stage import load_points

    return load_points(folder("samples") / "metering-points.yaml", now)


def _write_points(file: Path, points: list[MeteringPoint]) -> None:
    """A list for ``points import``; what is not known stays empty."""
    import csv

    names: dict[str, Callable[[MeteringPoint], object]] = {
        "code": lambda point: point.code,
        "meter": lambda point: point.meter,
        "has_contactor": lambda point: point.has_contactor,
        "supplier": lambda point: point.supplier,
        "tariff_group": lambda point: point.tariff_group,
        "prepaid": lambda point: point.prepaid,
        "can_be_suspended": lambda point: point.can_be_suspended,
        "danger_registered": lambda point: point.danger_registered,
        "connected": lambda point: point.connected,
        "protected": lambda point: None if point.protection is None else point.protection.kind or "no",
    }
    with file.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream, delimiter=";")
        lines.writerow(names)
        lines.writerows([_field(of(point)) for of in names.values()] for point in points)


def _field(value: object) -> str:
    return "" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _connect_meters(simulator: HeadEndSimulator, file: Path) -> int:
    """Reach the meters of ``lab meters``, if it has left its list; return how many."""
    if not file.is_file():
        return 0
    found = _json(file.read_text("utf-8"), str(file))
    simulator.concentrators.connect((found["host"], found["port"]), found["addresses"])
    return len(found["addresses"])


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{where} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{where} is no JSON object")
    return found
