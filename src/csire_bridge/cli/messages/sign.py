"""``csire-bridge sign`` and ``verify``: signatures by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import JsonOption, out, print_json
from csire_bridge.domain.identifiers import Eic
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sign)
    app.command()(verify)


def sign(
    file: Annotated[Path, typer.Argument(help="The message to sign.", exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option("--key", help="Private key (PEM).", exists=True, dir_okay=False)],
    cert: Annotated[Path, typer.Option("--cert", help="Its certificate (PEM).", exists=True, dir_okay=False)],
    target: Annotated[Path | None, typer.Option("--out", "-o", help="Write here instead of standard output.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Give it a new message id and process, and move its dates to now.")
    ] = False,
) -> None:
    """Sign a message with the enveloped profile; an earlier signature is replaced.

    Example:

        csire-bridge sign samples/good/8.1.1.5-debt.xml --key demo-out/pki/hub.key.pem --cert demo-out/pki/hub.cert.pem
        --fresh -o signed.xml
    """
    from csire_bridge.xml.fresh_copy import fresh_copy
    from csire_bridge.xml.parser import parse
    from csire_bridge.xml.security.certificates.keys import SigningKey
    from csire_bridge.xml.security.signature import sign_enveloped, without_signature

    raw = file.read_bytes()
    root = fresh_copy(raw, system_clock()) if fresh else without_signature(parse(raw))
    signed = sign_enveloped(root, SigningKey.load(key, cert))
    if target is None:
        typer.echo(signed.decode("utf-8"))
    else:
        target.write_bytes(signed)


def verify(
    file: Annotated[Path, typer.Argument(help="The signed message.", exists=True, dir_okay=False)],
    cert: Annotated[
        Path, typer.Option("--cert", help="The signer's certificate(s), PEM.", exists=True, dir_okay=False)
    ],
    as_json: JsonOption = False,
) -> None:
    """Verify a message's signature: who signed, with which algorithms, and what the signature covers.

    Example:

        csire-bridge verify demo-out/acknowledgements/8.1.1.11_….xml --cert demo-out/pki/operator.cert.pem
    """
    from csire_bridge.xml.parser import parse
    from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate, load_pins
    from csire_bridge.xml.security.signature import verify_enveloped

    certificates = [TrustedCertificate(Eic("-" * 16), c) for c in load_pins(cert)]
    verified = verify_enveloped(parse(file.read_bytes()), CertificateBook(certificates), system_clock())
    facts = {
        "file": str(file),
        "signature": "good",
        "signer": verified.signer.certificate.subject.rfc4514_string(),
        "certificate_sha256": verified.signer.fingerprint.hex(),
        "algorithm": verified.algorithm,
        "digest": "SHA-256",
        "canonicalisation": "exclusive XML canonicalisation 1.0",
        "covers": f"the whole document, root element {verified.tree.tag}",
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        out.print(f"{name.replace('_', ' '):>20}  {value}", highlight=False, markup=False)
