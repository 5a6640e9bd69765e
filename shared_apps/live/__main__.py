"""`python -m shared_apps.live ocpizza.asgi:application FD…`: uvicorn on sockets that the parent holds."""

import asyncio
import socket
import sys

import uvicorn


def main(application: str, *descriptors: str) -> None:
    config = uvicorn.Config(
        application, access_log=False, log_config=None, log_level="warning", timeout_graceful_shutdown=1
    )
    sockets = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors]
    asyncio.run(uvicorn.Server(config).serve(sockets=sockets))


if __name__ == "__main__":
    main(*sys.argv[1:])
