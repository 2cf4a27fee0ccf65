"""The broker of the bus: the one process that binds bus ports. `state` decides, `loop` moves the messages."""
