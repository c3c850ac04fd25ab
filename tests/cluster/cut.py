"""A way to a server that can be cut, and one that swallows what is sent."""

import socket
import threading


class Cut:
    """Passes connections on to a server. While it is cut, there are none: those that were end, and new ones end at once. While it is
    silent they stay, new ones come about, and nothing passes in either direction, not even an end."""

    def __init__(self, host, port):
        self.to, self.is_cut, self.is_silent = (host, port), False, False
        # Ends of each connection, by the gate that is open while it passes.
        self.open, self.lock = {}, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        with self.lock:
            self.is_cut = True
            gone, self.open = self.open, {}
        for gate, ends in gone.items():
            for end in ends:
                _end(end)
            gate.set()

    def silence(self):
        with self.lock:
            self.is_silent = True
            for gate in self.open:
                gate.clear()

    def mend(self):
        """Everything passes again. What was swallowed is sent again, as TCP does."""
        with self.lock:
            self.is_cut = self.is_silent = False
            for gate in self.open:
                gate.set()

    def forget(self):
        """New connections pass again. Of those that there are nobody hears any more, as when a firewall does not know them any longer."""
        with self.lock:
            self.is_silent, self.open = False, {}

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.to)
            except OSError:
                _end(client)
                continue
            gate = threading.Event()
            with self.lock:
                passed = not self.is_cut
                if passed:
                    self.open[gate] = (client, server)
                    if not self.is_silent:
                        gate.set()
            if not passed:
                _end(client)
                _end(server)
                continue
            for pair in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(*pair, gate), daemon=True).start()


def _pass_on(source, sink, gate):
    try:
        while data := source.recv(65536):
            gate.wait()
            sink.sendall(data)
    except OSError:
        pass
    gate.wait()
    _end(source)
    _end(sink)


def _end(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was quicker
    end.close()
