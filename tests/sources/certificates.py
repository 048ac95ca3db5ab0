"""An authority of a test's own, and what it signs, by openssl: for servers that speak true TLS on loopback."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from tests.system import require


class Authority:
    """Certificates below a folder. `signed` gives the paths of a certificate and its key."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        require("openssl", "openssl")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(self._key), "-out", str(self.ca), "-days", "2", "-subj", f"/CN=test {name}"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        )

    def signed(
        self, name: str, alternatives: str = "IP:127.0.0.1", *, over: bool = False
    ) -> tuple[Path, Path]:
        """`over`: its time has passed."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request, extra = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}"),
        )
        extra.write_text(f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth,clientAuth\n")
        when = ["-days", "-1"] if over else ["-days", "1"]
        _openssl(
            *("x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey", str(self._key)),
            *("-CAcreateserial", "-out", str(certificate), "-extfile", str(extra), *when),
        )
        return certificate, key

    def serving(self, certificate: tuple[Path, Path], *, clients: Path | None = None) -> ssl.SSLContext:
        """TLS of a server; `clients`: the authority of the client certificates that it demands."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        if clients is not None:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    assert program is not None
    subprocess.run([program, *arguments], check=True, capture_output=True)
