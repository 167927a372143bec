"A server on this machine that answers as W&B's does, as far as a run asks, and remembers all that it was sent."

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

RUN = dict(
    id="UnVu",
    name="run",
    displayName="run",
    description="",
    config="{}",
    sweepName="",
    historyLineCount=0,
    project=dict(id="UHJv", name="gan_augmentation", entity=dict(id="RW50", name="somebody")),
)

VIEWER = dict(id="VXNl", entity="somebody", username="somebody", email="", flags="{}", teams=dict(edges=[]))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_any(self):
        if self.server.released.is_set():  # closed: connections that were kept alive are cut
            self.close_connection = True
            return
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.sent.append((self.command, self.path, content))
        self.server.headers.append(str(self.headers))
        if self.server.silent.is_set():
            self.server.released.wait(600)
            return
        answer = json.dumps(self.server.answer(self.path, content)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = handle_any


class FakeWandb(ThreadingHTTPServer):
    "Use as a context: yields itself; `url` is its address."

    daemon_threads = True

    def handle_error(self, *args):
        pass

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.sent, self.headers, self.silent, self.released = [], [], Event(), Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.released.set()
        self.shutdown()
        self.server_close()

    def answer(self, path, content):
        if path != "/graphql":
            return dict(limits=dict())
        asked = json.loads(content)
        given = asked.get("variables") or {}
        for operation, answer in ANSWERS.items():
            if f"{operation}(" in asked["query"].replace(" ", ""):
                return dict(data=answer(given, f"{self.url}/storage"))
        return dict(data=dict(viewer=VIEWER) if "viewer" in asked["query"] else {})


def upsert_bucket(given, storage):
    return dict(upsertBucket=dict(bucket={**RUN, "name": given.get("name") or "run"}, inserted=True))


def create_run_files(given, storage):
    files = [dict(name=name, uploadUrl=f"{storage}/{name}") for name in given["files"]]
    return dict(createRunFiles=dict(runID="UnVu", uploadHeaders=[], files=files))


def create_artifact(given, storage):
    sequence = dict(id="U2Vx", latestArtifact=None)
    artifact = dict(id="QXJ0", state="PENDING", digest="d", artifactSequence=sequence)
    return dict(createArtifact=dict(artifact=artifact))


def artifact_type(given, storage):
    return dict(project=None)  # nothing of that name is known


def create_manifest(given, storage):
    file = dict(id="RmlsZQ", name="m", displayName="m", uploadUrl=f"{storage}/manifest", uploadHeaders=[])
    return dict(createArtifactManifest=dict(artifactManifest=dict(id="TWFu", file=file)))


def create_artifact_files(given, storage):
    edges = []
    for file in given["input"]["artifactFiles"]:
        place = dict(uploadUrl=f"{storage}/{file['name']}", uploadHeaders=[], storagePath="x")
        edges.append(dict(node=dict(id="RmlsZQ", name=file["name"], artifact=dict(id="QXJ0"), **place)))
    return dict(createArtifactFiles=dict(files=dict(edges=edges)))


def commit_artifact(given, storage):
    return dict(commitArtifact=dict(artifact=dict(id="QXJ0", digest="d")))


def use_artifact(given, storage):
    artifact = dict(id="QXJ0", digest="d", description="", state="COMMITTED", metadata="{}")
    return dict(useArtifact=dict(artifact={**artifact, "createdAt": "2026-01-01T00:00:00"}))


ANSWERS = dict(
    ArtifactType=artifact_type,
    upsertBucket=upsert_bucket,
    createRunFiles=create_run_files,
    createArtifactManifest=create_manifest,
    createArtifactFiles=create_artifact_files,
    createArtifact=create_artifact,
    commitArtifact=commit_artifact,
    useArtifact=use_artifact,
)
