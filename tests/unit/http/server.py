"""A server for test_http.c: answers as the path says. Prints its port; ends when its standard input does."""
import http.server
import os
import ssl
import subprocess
import sys
import tempfile
import threading

counts = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        path = self.path.split("?")[0]
        counts[path] = counts.get(path, 0) + 1
        if path == "/echo":
            text = f"{self.command} {self.headers.get('X-Test', '-')} ".encode() + body
            self.answer(200, text, [("X-Reply", "yes")])
        elif path == "/flaky":  # 503 twice, then 200
            self.answer(200 if counts[path] % 3 == 0 else 503, b"attempt %d" % counts[path], [("Retry-After", "0")])
        elif path == "/count":
            self.answer(200, str(counts.get(self.path.split("?")[1], 0)).encode())
        elif path == "/always503":
            self.answer(503, b"down", [("Retry-After", "0")])
        elif path == "/never":
            self.rfile.read(1)  # until the client leaves
            self.close_connection = True
        elif path == "/large":
            self.answer(200, b"x" * 2_000_000)
        elif path == "/cut":  # promises more than it sends
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
        elif path == "/headers":
            self.answer(200, b"", [("X-Big", "h" * 60000) for _ in range(6)])
        elif path == "/detail":
            self.answer(404, b'{"detail": "no datastore s3cret here"}')
        elif path == "/redirect":
            self.answer(302, b"", [("Location", "/echo")])
        else:
            self.answer(400, b"\xff\xfenot utf-8")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do

    def log_message(self, *args):
        pass


def self_signed(folder):
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


def serve(certificate):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Quiet:
    def write(self, text):
        pass

    def flush(self):
        pass


with tempfile.TemporaryDirectory() as folder:
    pair = self_signed(folder)
    print(serve(None), serve(pair), pair[0], flush=True)
    sys.stderr = Quiet()
    sys.stdin.read()
    os._exit(subprocess.run(["rm", "-rf", folder]).returncode)
