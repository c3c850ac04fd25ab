"""A way to a server that can be cut."""

import socket
import threading


class Cut:
    """Passes connections on to a server. While it is cut, there are none: those that were end, and new ones end at once."""

    def __init__(self, host, port):
        self.to, self.is_cut = (host, port), False
        self.open, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        with self.lock:
            self.is_cut = True
            gone, self.open = self.open, set()
        for end in gone:
            _end(end)

    def mend(self):
        with self.lock:
            self.is_cut = False

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.to)
            except OSError:
                _end(client)
                continue
            with self.lock:
                passed = not self.is_cut
                if passed:
                    self.open |= {client, server}
            if not passed:
                _end(client)
                _end(server)
                continue
            for pair in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    _end(source)
    _end(sink)


def _end(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was quicker
    end.close()
