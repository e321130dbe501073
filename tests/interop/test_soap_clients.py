"""SOAP clients of other people call SID's door by the WSDL that is served: an order, its status, and a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from tests.interop.tools import HERE, compiled, jars, needs, run
from tests.support.sid import CREDENTIALS, POINT, Scene, plain_http, running

pytestmark = pytest.mark.slow

EXPECTED = ["registered", "rule.unknown-order"]
AXIS = ("axis", "axis-jaxrpc", "jaxrpc", "axis-saaj", "commons-logging", "commons-discovery", "wsdl4j")
MAIL = ("javax.mail", "javax.activation")
JAXWS = (
    *("jaxws-rt", "jaxws-ri-runtime", "jaxws-api", "jaxb-api", "jaxb-runtime", "jaxb-core", "javax.xml.soap-api"),
    *("saaj-impl", "stax-ex", "streambuffer", "metro-policy", "gmbal", "jws-api", "geronimo-annotation-1.3-spec"),
    *("mimepull", "istack-commons-runtime", "txw2", "javax.activation", "FastInfoset"),
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running(tmp_path_factory.mktemp("clients")) as found:
        yield found


@pytest.fixture(scope="module")
def wsdl(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as it is served, in files."""
    place = tmp_path_factory.mktemp("contract")
    with plain_http(CREDENTIALS) as client:
        (place / "bridge.wsdl").write_bytes(client.get(f"{scene.door}?wsdl").content)
        (place / "sid.xsd").write_bytes(client.get(scene.door.replace("/soap", "/sid.xsd")).content)
    return place / "bridge.wsdl"


def told(lines: list[str], number: str) -> list[str]:
    """The status, and the code of the fault; the order itself must have been taken."""
    assert lines[0] == f"taken {number}", lines
    return [line.split()[-1] for line in lines[1:]]


@pytest.mark.parametrize("version", ["11", "12"])
def test_given_phps_soap_client_then_it_speaks_with_us_in_both_versions(scene: Scene, version: str) -> None:
    php = needs("php", "php-cli php-soap")
    if "soap" not in run([php, "-m"]):
        pytest.skip("PHP has no SOAP (Debian: apt-get install php-soap)")
    number = f"PHP-{version}"
    lines = run([php, HERE / "php" / "sid.php", scene.door, *CREDENTIALS, version, number, POINT])
    assert told(lines, number) == EXPECTED
    assert lines[-1].split()[1] == ("soap:Client" if version == "11" else "soap:Sender")


def test_given_perls_soap_lite_then_it_speaks_with_us(scene: Scene) -> None:
    perl = needs("perl", "perl")
    try:
        run([perl, "-MSOAP::Lite", "-e", "1"])
    except AssertionError:
        pytest.skip("Perl has no SOAP::Lite (Debian: apt-get install libsoap-lite-perl)")
    lines = run([perl, HERE / "perl" / "sid.pl", scene.door, *CREDENTIALS, "PERL-1", POINT])
    assert told(lines, "PERL-1") == EXPECTED
    assert lines[-1].split()[1] == "soap:Client"


def test_given_axis_1_4_then_the_wsdl_compiles_and_its_client_speaks_with_us(
    scene: Scene, wsdl: Path, tmp_path: Path
) -> None:
    java, path = needs("java", "default-jdk-headless"), jars("libaxis-java libmail-java", *AXIS, *MAIL)
    run([java, "-cp", path, "org.apache.axis.wsdl.WSDL2Java", "-o", tmp_path / "made", wsdl])
    sources = [*(tmp_path / "made").rglob("*.java"), HERE / "java" / "AxisClient.java"]
    classes = compiled(tmp_path / "classes", sources, path)
    lines = run([java, "-cp", classes, "AxisClient", scene.door, *CREDENTIALS, "AXIS-1", POINT])
    assert told([line for line in lines if line.split()[0] in {"taken", "status", "fault"}], "AXIS-1") == EXPECTED


def test_given_jax_ws_and_jaxb_then_dates_with_a_zone_are_taken(scene: Scene, wsdl: Path, tmp_path: Path) -> None:
    java, wsimport = needs("java", "default-jdk-headless"), needs("wsimport", "jaxws")
    path = jars("jaxws", *JAXWS)
    (tmp_path / "made").mkdir()
    run([wsimport, "-keep", "-Xnocompile", "-p", "sidclient", "-d", tmp_path / "made", wsdl])
    sources = [*(tmp_path / "made").rglob("*.java"), HERE / "java" / "JaxwsClient.java"]
    classes = compiled(tmp_path / "classes", sources, path)
    lines = run([java, "-cp", classes, "JaxwsClient", scene.door, *CREDENTIALS, "JAXWS-1", POINT, wsdl.as_uri()])
    assert told(lines, "JAXWS-1") == EXPECTED


def test_given_the_contract_of_sids_own_service_then_axis_1_4_compiles_it_too(tmp_path: Path) -> None:
    java, path = needs("java", "default-jdk-headless"), jars("libaxis-java libmail-java", *AXIS, *MAIL)
    wsdl = folder("schemas") / "sid" / "sid.wsdl"
    run([java, "-cp", path, "org.apache.axis.wsdl.WSDL2Java", "-o", tmp_path / "made", wsdl])
    assert compiled(tmp_path / "classes", [*(tmp_path / "made").rglob("*.java")], path)
