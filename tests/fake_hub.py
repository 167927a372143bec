"A small imitation of the Hugging Face Hub: the requests that `huggingface_hub` makes for one commit, on this machine."

import base64
import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

class FakeHub(BaseHTTPRequestHandler):
    "Answers as the Hub does, keeps what arrived, and fails where it is told to."

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status: int, content):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def handle_request(self):
        hub, path = self.server.hub, self.path.partition("?")[0]
        body = self.body()
        hub.requests.append((self.command, path, self.headers.get("Authorization")))
        for place, (status, content) in hub.fails.items():
            if place in path:
                return hub.over.wait(20) if status is None else self.answer(status, content)
        for name, reply in hub.replies.items():
            if name in path:
                return self.answer(*reply(path, body))
        return self.answer(404, {"error": "not found"})

    do_GET = do_POST = do_PUT = handle_request


class Hub:
    "What the server knows: repositories, and the files of each."

    def __init__(self):
        self.requests, self.fails, self.private, self.files, self.store = [], {}, {}, {}, {}
        self.commits, self.verified, self.large, self.over = [], [], 1000, Event()
        self.replies = {
            "whoami": lambda path, body: (200, {"name": "anna", "type": "user"}),
            "validate-yaml": lambda path, body: (200, {"warnings": [], "errors": []}),
            "repos/create": self.create,
            "/preupload/": self.preupload,
            "/lfs/objects/batch": self.batch,
            "/store/": self.put,
            "/verify": self.verify,
            "/commit/": self.commit,
            "/api/models/": self.info,
        }

    def create(self, path, body):
        asked = json.loads(body)
        name = f"{asked['organization'] or 'anna'}/{asked['name']}"
        reply = {"url": f"{self.endpoint}/{name}"}
        if name in self.private:
            return 409, {**reply, "error": "You already created this model repo"}
        self.private[name] = asked.get("visibility") == "private" or bool(asked.get("private"))
        return 200, reply

    def info(self, path, body):
        name = path.removeprefix("/api/models/")
        if name not in self.private:
            return 404, {"error": "Repository not found"}
        return 200, {"id": name, "private": self.private[name], "tags": [], "siblings": []}

    def preupload(self, path, body):
        found = []
        for file in json.loads(body)["files"]:
            mode = "lfs" if file["size"] > self.large else "regular"
            found.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False})
        return 200, {"files": found}

    def batch(self, path, body):
        objects = []
        for x in json.loads(body)["objects"]:
            actions = {"upload": {"href": f"{self.endpoint}/store/{x['oid']}"}}
            actions["verify"] = {"href": f"{self.endpoint}/verify"}
            objects.append({**x, "actions": actions})
        return 200, {"transfer": "basic", "objects": objects}

    def put(self, path, body):
        assert hashlib.sha256(body).hexdigest() == path.removeprefix("/store/")
        self.store[path.removeprefix("/store/")] = body
        return 200, {}

    def verify(self, path, body):
        asked = json.loads(body)
        assert len(self.store[asked["oid"]]) == asked["size"]
        self.verified.append(asked["oid"])
        return 200, {}

    def commit(self, path, body):
        lines = [json.loads(line) for line in body.splitlines()]
        files = {}
        for line in lines[1:]:
            value = line["value"]
            is_small = line["key"] == "file"
            files[value["path"]] = base64.b64decode(value["content"]) if is_small else self.store[value["oid"]]
        self.commits.append(lines[0]["value"]["summary"])
        self.files[path.split("/commit/")[0].removeprefix("/api/models/")] = files
        return 200, {"commitUrl": f"{self.endpoint}/anna/x/commit/1", "commitOid": "1" * 40}


@contextmanager
def fake_hub():
    "Serve a Hub on a free port of this machine while the block runs."
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    server.daemon_threads = True
    hub = server.hub = Hub()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
