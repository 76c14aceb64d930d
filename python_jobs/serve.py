"""The site on this machine: report, docs and lineage over HTTP, on loopback only."""

from __future__ import annotations

import errno
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from python_jobs.errors import UserError
from python_jobs.settings import Settings

HOST = "127.0.0.1"


class Handler(SimpleHTTPRequestHandler):
    """Files as they are now, and no line in the terminal for each of them."""

    def end_headers(self) -> None:
        """Let the browser ask each time: `behavior docs` may have written anew."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def listen(settings: Settings, port: int) -> ThreadingHTTPServer:
    """A server of the site that listens already; port 0 takes a free one.

    Raises:
        UserError: There is no site yet, or the port is not to be had.
    """
    site = settings.home / "site"
    if not site.is_dir():
        raise UserError(f"there is no {site} yet: `behavior docs` writes it")
    try:
        return ThreadingHTTPServer((HOST, port), partial(Handler, directory=site))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(f"port {port} is taken: name another with --port") from None
        raise UserError(f"cannot listen on port {port}: {error.strerror}") from error


def run(server: ThreadingHTTPServer) -> None:
    """Say where, and serve until Ctrl-C, which may come as soon as that is said."""
    with server, suppress(KeyboardInterrupt):
        print(f"http://{HOST}:{server.server_port}/  (Ctrl-C ends it)", flush=True)
        server.serve_forever()
