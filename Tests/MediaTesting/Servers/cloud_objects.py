"""Named objects in named containers: bytes and descriptions as files below a folder, so memory stays flat."""

import contextlib
import dataclasses
import json
import os
import shutil
import threading
import uuid

from cloud_serving import CHUNK, short_hash


@dataclasses.dataclass
class Object:
    """An object's description. What belongs to it besides is the provider's, in `properties`."""

    name: str
    data: str
    size: int
    properties: dict


class Incoming:
    """A file that is being written: it becomes an object's data, or goes away."""

    def __init__(self, folder):
        self.path = folder / uuid.uuid4().hex
        self.file = open(self.path, "w+b")
        self.size = 0

    def write(self, data):
        self.file.write(data)
        self.size += len(data)

    def append(self, path, offset=0, length=None):
        """Copies a file's bytes (or a part of them) within the kernel."""
        self.file.flush()
        with open(path, "rb") as source:
            left = os.fstat(source.fileno()).st_size - offset if length is None else length
            while left:
                count = os.copy_file_range(source.fileno(), self.file.fileno(), min(left, 1 << 26), offset, self.size)
                if count == 0:
                    raise EOFError(path)
                offset, left, self.size = offset + count, left - count, self.size + count
        self.file.seek(self.size)

    def close(self):
        self.file.close()
        return self.path

    def discard(self):
        self.file.close()
        self.path.unlink(missing_ok=True)


class Container:
    """Objects by name, and a folder for each thing of them."""

    def __init__(self, folder, name, properties):
        self.folder, self.name, self.properties = folder, name, properties
        self.objects = {}

    def load(self):
        for path in (self.folder / "descriptions").iterdir():
            item = Object(**json.loads(path.read_bytes()))
            self.objects[item.name] = item
        return self

    def write_properties(self):
        write_json(self.folder / "container.json", {"name": self.name, "properties": self.properties})

    def path(self, item):
        return self.folder / "data" / item.data

    def put(self, name, incoming, properties):
        """Puts a finished file in place of what had the name."""
        data = uuid.uuid4().hex
        path = incoming.close()
        size = path.stat().st_size
        os.rename(path, self.folder / "data" / data)
        return self.replace(Object(name, data, size, properties))

    def link(self, name, container, source, properties):
        """Gives a further name to an object's bytes, which never change."""
        data = uuid.uuid4().hex
        os.link(container.path(source), self.folder / "data" / data)
        return self.replace(Object(name, data, source.size, properties))

    def replace(self, item):
        former = self.objects.get(item.name)
        write_json(self.folder / "descriptions" / short_hash(item.name), dataclasses.asdict(item))
        self.objects[item.name] = item
        if former and former.data != item.data:
            self.path(former).unlink(missing_ok=True)
        return item

    def update(self, item, properties):
        return self.replace(dataclasses.replace(item, properties=properties))

    def delete(self, item):
        (self.folder / "descriptions" / short_hash(item.name)).unlink()
        del self.objects[item.name]
        self.path(item).unlink(missing_ok=True)


class ObjectStore:
    def __init__(self, folder):
        self.folder = folder / "containers"
        self.incoming_folder = folder / "incoming"
        shutil.rmtree(self.incoming_folder, ignore_errors=True)
        for path in (self.folder, self.incoming_folder):
            path.mkdir(exist_ok=True)
        self.containers = {}
        for path in self.folder.glob("*/container.json"):
            description = json.loads(path.read_bytes())
            name = description["name"]
            self.containers[name] = Container(path.parent, name, description["properties"]).load()
        self.lock = threading.Lock()
        self.name_locks = [threading.RLock() for _ in range(64)]

    def create(self, name, properties):
        """The new container, or None where there is one of that name."""
        with self.lock:
            if name in self.containers:
                return None
            folder = self.folder / name
            for part in ("data", "descriptions", "blocks"):
                (folder / part).mkdir(parents=True)
            container = Container(folder, name, properties)
            container.write_properties()
            self.containers[name] = container
            return container

    def remove(self, container):
        with self.lock:
            self.containers.pop(container.name, None)
            shutil.rmtree(container.folder)

    def incoming(self):
        return Incoming(self.incoming_folder)

    @contextlib.contextmanager
    def receiving(self):
        """A file to write to that goes away unless it became an object's data."""
        incoming = self.incoming()
        try:
            yield incoming
        finally:
            incoming.discard()

    def locked(self, container, name):
        """Held while the object of this name changes."""
        return self.name_locks[hash((container.name, name)) % len(self.name_locks)]


def write_json(path, value):
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    temporary.write_text(json.dumps(value))
    os.replace(temporary, path)


def read_pieces(path):
    with open(path, "rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def page(names, prefix, delimiter, after, limit):
    """A page of a sorted list: (is prefix, name) pairs beyond `after`, and the name to go on from, None at the end."""
    entries = []
    for name in sorted(name for name in names if name.startswith(prefix)):
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        entry = (True, name[:end + len(delimiter)]) if end >= 0 else (False, name)
        if after is not None and entry[1] <= after or entries and entries[-1] == entry:
            continue
        if len(entries) == limit:
            return entries, entries[-1][1]
        entries.append(entry)
    return entries, None
