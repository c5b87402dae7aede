"""A network that fails on request: a TCP proxy that can be cut hard, and stalled in either direction."""

import socket
import struct
import threading

CHUNK = 65536


class Proxy:
    """Passes connections on to `target`; connect to `address`."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lock, self.sockets = threading.Lock(), []
        self.to_daemon, self.to_client = open_gate(), open_gate()
        self._spawn(self._accept)

    def cut(self):
        """Resets every connection, without a word to either side; new ones are taken."""
        with self.lock:
            sockets, self.sockets = self.sockets, []
        for connection in sockets:
            reset(connection)

    def stall(self, direction):
        """Keeps back what travels `"to_client"` or `"to_daemon"`."""
        getattr(self, direction).clear()

    def flow(self):
        """Lets everything travel again."""
        self.to_daemon.set()
        self.to_client.set()

    def close(self):
        self.listener.close()
        self.flow()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                daemon = socket.create_connection(self.target)
            except OSError:
                return
            for connection in (client, daemon):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.sockets += [client, daemon]
            self._spawn(self._pump, client, daemon, self.to_daemon)
            self._spawn(self._pump, daemon, client, self.to_client)

    @staticmethod
    def _pump(source, sink, gate):
        try:
            while data := source.recv(CHUNK):
                gate.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            reset(source)
            reset(sink)

    @staticmethod
    def _spawn(work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()


def open_gate():
    gate = threading.Event()
    gate.set()
    return gate


def reset(connection):
    """Closes with RST, as a pulled plug looks once the line is back; wakes whoever reads from it."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
