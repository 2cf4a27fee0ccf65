"""The bus: HTTP-like requests over ZeroMQ, from any process through the broker to one thread of a service.

The only package that imports zmq. `client.BusClient` asks, `worker.serve` answers, `routers` holds the broker's two
sockets; what travels is in `protocol` (what the broker reads) and `messages` (what it never reads).
"""
