"""The real program, with all of its services in one process on databases of its own."""

import contextlib
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

# Locks that end while the run goes on, and many orders of each buyer at once.
SETTINGS = {"RATE_LIMITS": "off", "RUST_LOG": "warn,tessera::security=info", "LOCK_SECONDS": "45", "MAX_LIVE_ORDERS": "100"}
READY_WITHIN_SECONDS = 60
ENDS_WITHIN_SECONDS = 30


class Served:
    """A server that runs."""

    def __init__(self, program, data, log, process, url):
        self._program, self._data, self._log, self._process = program, data, log, process
        self.url = url

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def complaints(self):
        """Ends it, and answers all that was wrong with it, and with what it leaves."""
        wrong = []
        if self._process.poll() is not None or not self.is_ready():
            wrong.append("the server is not there any more, or not ready")
        self._process.terminate()
        status = self._process.wait(timeout=ENDS_WITHIN_SECONDS)
        if status != 0:
            wrong.append(f"the server ended with {status}")
        troubles = [line for line in self._log.read_text(errors="replace").splitlines() if is_trouble(line)]
        wrong += [f"the server's log: {line}" for line in troubles[:20]]
        check = [self._program, "check", "--data-dir", str(self._data)]
        checked = subprocess.run(check, capture_output=True, text=True)
        print(checked.stdout.strip(), flush=True)
        if checked.returncode != 0:
            wrong.append(f"tessera check ended with {checked.returncode}: {checked.stdout}{checked.stderr}")
        return wrong


def is_trouble(line):
    """Any warning is trouble but the one that these settings bring about.

    No line is written for a request that was merely slow: the log warns of those that were answered with 500 and above. What
    a busy machine could bring about (a service that is not ready within two seconds, requests that did not end when the
    server did) counts: so little is sent at a time that it means more than a wait.
    """
    is_expected = "RATE_LIMITS: off" in line
    return "panic" in line or "ERROR" in line or "WARN" in line and not is_expected


@contextlib.contextmanager
def running(program, folder, output):
    """Starts it in this folder, with its log in the other one, and sees that it is gone in the end."""
    data, log = pathlib.Path(folder) / "data", output / "server.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {**SETTINGS, "DATA_DIR": str(data), "LISTEN": address}
    with open(log, "w", encoding="utf-8") as written:
        process = subprocess.Popen([program, "serve"], env=settings, stdout=written, stderr=subprocess.STDOUT)
    served = Served(program, data, log, process, f"http://{address}")
    try:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not served.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield served
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
