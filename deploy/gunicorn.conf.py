"""gunicorn's settings for the gateway, on one machine and in containers alike.

gthread, because a call on the bus blocks its thread and would block a whole sync or gevent worker. `timeout` does not limit a
request under gthread: the bus's own deadlines do.
"""

import os
import signal
from typing import Any

from deploy.local.tether import die_with_parent

bind = f"{os.environ.get('SIGLAB_HTTP_HOST', '127.0.0.1')}:{os.environ.get('SIGLAB_HTTP_PORT', '8080')}"
worker_class = "gthread"
workers = int(os.environ.get("SIGLAB_HTTP_WORKERS", "2"))
threads = int(os.environ.get("SIGLAB_HTTP_THREADS", "8"))
timeout = 60
graceful_timeout = 4
keepalive = 5
# A ZeroMQ context made before the fork hangs in the child, so the application is loaded after it.
preload_app = False
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A socket file for a console that nobody uses; it cannot be made on a read-only file system.
control_socket_disable = True
errorlog = "-"
accesslog = None
loglevel = "info"


def post_fork(server: Any, worker: Any) -> None:
    """A worker whose master was killed would keep the port and answer from it for ever."""
    die_with_parent(signal.SIGKILL, server.pid)
