"""Runs a command while localstripe (https://github.com/adrienverge/localstripe) serves on this machine alone.

The command finds its address in LOCALSTRIPE. Two parameters that Stripe has by now are kept from it, since it refuses what it
does not know, and it knows of no other means of payment and no script in a page.
"""

import os
import subprocess
import sys
import threading

from aiohttp import web
from localstripe import resources, server

KEPT_FROM_IT = ("allowed_payment_method_types", "use_stripe_sdk")


def forgiving(create):
    """`create`, without what is kept from it."""

    def with_less(cls, **data):
        return create(cls, **{name: value for name, value in data.items() if name not in KEPT_FROM_IT})

    return classmethod(with_less)


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit("usage: with_localstripe.py COMMAND [ARGUMENT…]")
    intent = resources.PaymentIntent
    intent._api_create = forgiving(intent._api_create.__func__)
    listening = threading.Event()
    served = {}

    def serve():
        import asyncio

        async def run():
            runner = web.AppRunner(server.app)
            await runner.setup()
            # Its own start listens on all addresses.
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            served["port"] = site._server.sockets[0].getsockname()[1]
            listening.set()
            await asyncio.Event().wait()

        asyncio.run(run())

    threading.Thread(target=serve, daemon=True).start()
    if not listening.wait(timeout=30):
        sys.exit("localstripe did not start")
    address = f"http://127.0.0.1:{served['port']}"
    print(f"localstripe serves at {address}", flush=True)
    sys.exit(subprocess.run(command, env={**os.environ, "LOCALSTRIPE": address}).returncode)


main()
