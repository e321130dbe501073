"""Alerts by mail, to a real mail server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from csire_bridge.channels.alerts.mail import MailChannel, MailServer, MailTls
from csire_bridge.domain.errors import ConfigurationError, PartnerRefused, PartnerUnreachable
from tests.support.logs import told
from tests.support.mail import MAIL_PASSWORD, MAIL_USER, MailBox, mail_server
from tests.support.tls_servers import NOW, Authority, Files

pytestmark = pytest.mark.slow
WHOM = ("duty@example.org", "office@example.org")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def files(authority: Authority) -> Files:
    return authority.issue()


@pytest.fixture
def box(files: Files) -> Iterator[MailBox]:
    with mail_server(files) as opened:
        yield opened


def server_of(box: MailBox, authority: Authority) -> MailServer:
    return MailServer(
        "localhost",
        box.port,
        "bridge@example.org",
        user=MAIL_USER,
        password=MAIL_PASSWORD,
        ca_bundle=authority.file.certificate,
        seconds=60,
    )


def send(server: MailServer, delivery: str = "one") -> None:
    MailChannel(server).send(delivery, WHOM, "opened: field-work", "Zażółć gęślą jaźń\n", NOW)


def test_a_mail_goes_by_starttls_and_login_to_all_recipients_with_its_own_id(
    box: MailBox, authority: Authority
) -> None:
    send(server_of(box, authority))
    send(server_of(box, authority))
    assert box.recipients == [list(WHOM)] * 2
    assert box.mails[0]["Subject"] == "opened: field-work"
    assert box.mails[0]["Auto-Submitted"] == "auto-generated"
    assert box.text(0).strip() == "Zażółć gęślą jaźń"
    assert {mail["Message-ID"] for mail in box.mails} == {"<one@example.org>"}, "a repetition is known by its id"


def test_a_mail_goes_by_tls_from_the_beginning(files: Files, authority: Authority) -> None:
    with mail_server(files, implicit=True) as box:
        send(replace(server_of(box, authority), tls=MailTls.IMPLICIT))
        assert len(box.mails) == 1


def test_a_wrong_password_is_told_without_the_password(box: MailBox, authority: Authority) -> None:
    with pytest.raises(PartnerUnreachable) as caught:
        send(replace(server_of(box, authority), password="a wrong one"))
    assert "refuses the login" in str(caught.value)
    assert "a wrong one" not in str(caught.value)
    assert box.mails == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(files: Files, authority: Authority) -> None:
    with mail_server(files, starttls=False) as box:
        with pytest.raises(PartnerUnreachable, match="STARTTLS"):
            send(server_of(box, authority))
        assert box.mails == []


def test_a_server_of_an_unknown_authority_gets_nothing(box: MailBox, authority: Authority) -> None:
    with pytest.raises(PartnerUnreachable, match="certificate"):
        send(replace(server_of(box, authority), ca_bundle=None))
    assert box.mails == []


def test_where_nobody_listens_the_server_can_not_be_reached(box: MailBox, authority: Authority) -> None:
    with pytest.raises(PartnerUnreachable, match="can't be used"):
        send(replace(server_of(box, authority), port=1))


def test_recipients_that_the_server_refuses_are_told_and_the_others_get_the_mail(
    box: MailBox, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    box.refuses = {WHOM[0]}
    send(server_of(box, authority))
    assert box.recipients == [[WHOM[1]]]
    assert told(caplog, "mail.recipients_refused")[0]["recipients"] == [WHOM[0]]
    box.refuses = set(WHOM)
    with pytest.raises(PartnerRefused):
        send(server_of(box, authority))


def test_without_tls_only_a_server_on_this_machine_is_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without TLS"):
        MailServer("mail.example.org", 25, "bridge@example.org", MailTls.NONE)
    assert MailServer("127.0.0.1", 25, "bridge@example.org", MailTls.NONE).port == 25
