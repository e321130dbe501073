# ruff: noqa: E501 - a table with a line for each mistake
"""Each mistake in a mapping file stops the start: folder, file, line, key, what is wrong, and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.mapping.book import MappingBook
from tests.xml.mapping.test_mapping_files import catalogue

MAPPINGS = folder("mappings")
IN, OUT, NO = "8.1.1.5.yaml", "8.1.1.11.yaml", "8.1.1.7.yaml"
PAIR = (IN, OUT, NO)
DATA = "m:Payload/m:DisconnectionRequestData"
DATE = f"path: {DATA}/m:RequestedExecutionDate\n    as: date"
LIBRARIES = (
    *("Input should", "Extra inputs", "Field required", "not permitted", "pydantic", "valid boolean", "type=", "XPST"),
    *("elementpath", "found character", "block end", "expected '", "lxml", "Decimal", "datetime", "Error"),
)
# file, old, new, the line in which the new text is told, key, what is said
MISTAKES: dict[str, tuple[str, str, str, str, str, str]] = {
    "a bracket is not closed": (IN, "kind: disconnect", "kind: [disconnect", "fields:", "(top)", "bracket is not closed"),
    "a tab": (IN, "  kind: disconnect", "\tkind: disconnect", "\tkind", "(top)", "indent with spaces"),
    "an @ without quotes": (OUT, "    PhysicalStatus:", "    @unit: {value: x}\n    PhysicalStatus:", "@unit", "(top)", "in quotes"),
    "a colon too many": (IN, "en: Execute", "en: Execute: now", "en:", "(top)", "put the text in quotes"),
    "a key twice": (IN, "becomes: order", "becomes: order\nbecomes: order", "becomes: order\nset", "becomes", "stands twice"),
    "a wrong key": (IN, "fields:", "feilds:", "feilds", "feilds", "the nearest is fields; known are"),
    "a wrong key of a field": (IN, "    as: date", "    az: date", "az: date", "fields.requested_date.az", "known are path, value, as"),
    "a wrong key of a leaf": (OUT, "longest: 250", "longist: 250", "longist", "payload.DisconnectionData.ExecutionDescription.longist", "the nearest is longest"),
    "a key is missing": (IN, "type: 8.1_1\n", "", "message:", "type", "the key type is missing: add it"),
    "a direction that there is not": (IN, "direction: inbound", "direction: inbuond", "message:", "(top)", "'inbuond' is not one of inbound, outbound, technical; the nearest is inbound"),
    "no direction": (IN, "direction: inbound\n", "", "message:", "(top)", "is not one of inbound, outbound"),
    "a number that is none": (IN, "message: 8.1.1.5", "message: eight", "message:", "message.0", "is not a message number such as 8.1.1.5"),
    "no number at all": (IN, "message: 8.1.1.5", "message: []", "message:", "message", "at least 1 is needed"),
    "what it becomes": (IN, "becomes: order", "becomes: orders", "becomes: orders", "becomes", "'orders' is not one of order, result, registry, special; the nearest is order"),
    "a root element that there is not": (IN, "root: DisconnectionRequest", "root: DisconectionRequest", "root:", "root", "the nearest is DisconnectionRequest"),
    "a namespace that there is not": (IN, "unk_8_1_1_5:v1", "unk_8_1_1_5:v11", "root:", "root", "the nearest is urn:pl:oire:unk_8_1_1_5:v1"),
    "a field that there is not": (IN, "  requested_date:", "  requestd_date:", "requestd_date", "fields.requestd_date", "the nearest is requested_date"),
    "a fixed value that there is not": (IN, "kind: disconnect", "kind: disconect", "kind:", "set.kind", "the nearest is disconnect"),
    "a field that is set and read": (IN, "  kind: disconnect", "  kind: disconnect\n  description: x", "message:", "(top)", "description stands under `set` and under `fields`"),
    "a conversion that there is not": (IN, "    as: date", "    as: dates", "as: dates", "fields.requested_date.as", "the nearest is date"),
    "a conversion of another type": (IN, "    as: date", "    as: decimal", "as: decimal", "fields.requested_date.as", "gives a number, but the field is a date"),
    "a code without a table": (IN, "    as: date", "    as:  code", "as:  code", "fields.requested_date.as", "needs a table"),
    "a code that the schema has not": (IN, "CK0344: debt", "CK0354: debt", "table:", "fields.disconnection_kind.table", "the nearest is CK034"),
    "one of our words that there is not": (IN, "CK0344: debt", "CK0344: debts", "table:", "fields.disconnection_kind.table", "the nearest is debt"),
    "a name that the schema has not": (IN, "m:RequestedExecutionDate", "m:RequestedExecutionDay", "m:RequestedExecutionDay", "fields.requested_date.path", "the nearest is m:RequestedExecutionDate"),
    "a prefix that nobody declared": (IN, "m:RequestedExecutionDate", "x:RequestedExecutionDate", "x:", "fields.requested_date.path", "declare it under `prefixes`"),
    "a prefix that is taken": (IN, "becomes: order", "prefixes: {m: 'urn:x'}\nbecomes: order", "prefixes", "prefixes.m", "always means the message's namespace: choose another"),
    "a path from the top": (IN, f"path: {DATA}/m:RequestedE", f"path: /{DATA}/m:RequestedE", f"path: /{DATA}", "fields.requested_date.path", "without / before its name"),
    "a path with an open bracket": (IN, "m:RequestedExecutionDate", "m:RequestedExecutionDate[1", "Date[1", "fields.requested_date.path", "a bracket ] is missing"),
    "a path with an open quote": (IN, "m:RequestedExecutionDate", "m:RequestedExecutionDate[. = 'x]", "= 'x", "fields.requested_date.path", "a quote is not closed"),
    "a path to a block": (IN, f"{DATE}", f"path: {DATA}\n    as: date", f"path: {DATA}\n", "fields.requested_date.path", "it holds other elements"),
    "a path and a value": (IN, "    as: date", "    value: string(m:Payload)", "requested_date", "fields.requested_date", "either `path`, or `value`"),
    "neither a path nor a value": (IN, f"    {DATE}", "    required: true", "requested_date", "fields.requested_date", "either `path`, or `value`"),
    "a function that there is not": (IN, f"{DATE}", f"value: concatt({DATA}/m:RequestedExecutionDate)", "concatt", "fields.requested_date.value", "there is no function concatt; the nearest is concat"),
    "arithmetic with a text": (IN, f"{DATE}", f"value: {DATA}/m:RequestDescription * 2", "RequestDescription * 2", "fields.requested_date.value", "is no number to reckon with: the schema's type is string"),
    "yes and no": (IN, "    required: true\n  metering_point:", "    required: maybe\n  metering_point:", "maybe", "fields.process_instance.required", "write true or false"),
    "a field that is needed": (IN, "as: process-instance\n    required: true", "as: process-instance", "fields:", "fields", "field process_instance must be set"),
    "what is neither read nor ignored": (IN, f"  description:\n    path: {DATA}/m:RequestDescription\n", "", "fields:", "fields", "m:RequestDescription is neither read nor listed"),
    "a condition that never holds": (IN, "answers:", f"rules:\n  - {{when: \"{DATA}/m:DisconnectionRequestType = 'CK9344'\", refuse: so, remedy: so}}\nanswers:", "- {when", "rules.0.when", "is never 'CK9344' by the schema; the nearest is 'CK0344'"),
    "an answer that nobody builds": (IN, "done: 8.1.1.11", "done: 8.1.1.12", "done:", "answers.done", "no outbound mapping file builds message 8.1.1.12"),
    "an answer of another kind": (IN, "  done:", "  dnoe:", "dnoe", "answers.dnoe", "the nearest is done"),
    "answers of what is no order": (IN, "becomes: order", "becomes: special", "message:", "(top)", "only an order is answered"),
    "items without a process of their own": (IN, "becomes: order", f"each: {DATA}\nbecomes: order", "process_instance:", "fields.process_instance", "each item needs a process instance of its own"),
    "the good ones of no list": (IN, "becomes: order", "partly: true\nbecomes: order", "message:", "(top)", "`partly` is for a list"),
    "an element that the schema has not": (OUT, "    MeterNumber:", "    MeterNo:", "MeterNo", "payload.DisconnectionData.MeterNo", "the nearest is MeterNumber"),
    "elements in another order": (OUT, "  Miscellaneous:\n    ProcessInstanceId: {from: process_instance}\n  MeteringPointData_Basic:\n    MeteringPointCode: {from: metering_point}\n", "  MeteringPointData_Basic:\n    MeteringPointCode: {from: metering_point}\n  Miscellaneous:\n    ProcessInstanceId: {from: process_instance}\n", "payload:", "payload", "the schema has another order: Miscellaneous, MeteringPointData_Basic"),
    "an element that must be there": (OUT, "    ExecutionTimestamp: {from: executed_at, as: moment}\n", "", "DisconnectionData:", "payload.DisconnectionData", "the schema needs ExecutionTimestamp there"),
    "a fact that there is not": (OUT, "from: executed_at", "from: excuted_at", "excuted_at", "payload.DisconnectionData.ExecutionTimestamp.from", "the nearest is executed_at"),
    "a fact and a constant": (OUT, "from: meter,", "from: meter, value: x,", "MeterNumber", "payload.DisconnectionData.MeterNumber", "either `from` for a fact, or `value` for a constant"),
    "a fact that the request does not keep": (OUT, "from: meter,", "from: kept.mine,", "done:", "answers.done", "repeats kept.mine, and this file keeps nothing: enter it under `keep`"),
    "a moment as a text of another type": (OUT, "as: moment", "as: date", "executed_at", "payload.DisconnectionData.ExecutionTimestamp.as", "`as: date` writes date, but the schema's type is dateTime"),
    "an outcome without a code": (NO, "        debt-both-sides: CL014\n", "", "payload:", "payload", "with reason debt-both-sides can't be written"),
    "a constant that the schema has not": (OUT, "      from: outcome\n      table:\n        disconnected: CK0070\n", "      value: CK0700\n", "value:", "payload.DisconnectionData.PhysicalStatus.value", "the nearest is CK0070"),
    "a condition about an answer that is none": (OUT, "from: meter,", "from: meter, when: 'meter is there',", "MeterNumber", "payload.DisconnectionData.MeterNumber.when", "write FACT, not FACT, FACT = VALUE or FACT != VALUE"),
    "a condition about a value that there is not": (OUT, "from: meter,", "from: meter, when: outcome = conected,", "MeterNumber", "payload.DisconnectionData.MeterNumber.when", "the nearest is connected"),
    "a prefix in an answer that nobody declared": (OUT, "    MeterNumber:", "    o:MeterNumber:", "o:Meter", "payload.DisconnectionData.o:MeterNumber", "declare it under `prefixes`"),
    "longer than the schema allows": (OUT, "longest: 250", "longest: 251", "longest", "payload.DisconnectionData.ExecutionDescription.longest", "the schema allows 250 characters"),
    "a text in the place of a block": (OUT, "  Miscellaneous:\n    ProcessInstanceId: {from: process_instance}\n", "  Miscellaneous: process_instance\n", "Miscellaneous", "payload.Miscellaneous", "say `from` where its value comes from"),
    "an order that the operator does not start": (OUT, "direction: outbound", "direction: outbound\ntells: reconnect-debt", "tells", "tells", "the operator starts no message about 'reconnect-debt'"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_given_a_mistake_when_loaded_then_the_start_is_refused_with_its_place_and_what_was_meant(
    tmp_path: Path, name: str
) -> None:
    file, old, new, marker, key, words = MISTAKES[name]
    for one in PAIR:
        text = (MAPPINGS / one).read_text("utf-8")
        if one == file:
            assert text.count(old) == 1, f"{text.count(old)} times: {old}"
            text = text.replace(old, new)
        (tmp_path / one).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        MappingBook([tmp_path], catalogue())
    found = caught.value.text
    told = tmp_path / (IN if key.startswith("answers") else file)
    line = told.read_text("utf-8").partition(marker)[0].count("\n") + 1
    due = f"{told}, line {line}, key {key}: "
    said = [one.removeprefix(due) for one in found.splitlines() if one.startswith(due)]
    assert said, f"{due!r} is due, found is {found}"
    assert any(words in one for one in said), said
    for phrase in LIBRARIES:
        assert phrase not in found.replace(str(tmp_path), ""), f"a library's phrase: {phrase}"


def test_given_two_files_for_one_message_when_loaded_then_the_other_file_is_named(tmp_path: Path) -> None:
    for name in PAIR:
        (tmp_path / name).write_text((MAPPINGS / name).read_text("utf-8"), "utf-8")
    (tmp_path / "copy.yaml").write_text((MAPPINGS / OUT).read_text("utf-8"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"another mapping file already reads .*: .*8\.1\.1\.11\.yaml"):
        MappingBook([tmp_path], catalogue())
