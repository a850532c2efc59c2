"""What is made of files: pictures against vipsthumbnail and thumbor, a stored variant against nginx, a film's ladder, and jobs' overhead."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import load
from tools import Failure, end, free_port, note, output, start, wait_until

GROUP = "images"
SETTINGS = {"MEDIA_PROCESSING": "on", "MEDIA_DECISION_CACHE": "5"}
THUMBOR = "thumbor==7.8.0"
# Pictures in one turn.
TURN = 12
JOBS = 1000
WORKERS = 4
FILM_SECONDS = 24
RUNGS = {240: (426, 400, 64), 360: (640, 800, 96), 480: (854, 1400, 128), 720: (1280, 2800, 128), 1080: (1920, 5000, 192)}


def run(instance, peers, rounds, report):
    photo = peers.folder / "photo.jpg"
    # 12 megapixels with much detail.
    output("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=size=4000x3000", "-frames:v", "1", "-q:v", "3", photo)
    scale(instance, peers, photo, rounds, report)
    variant(instance, peers, photo, rounds, report)
    ladder(instance, peers, rounds, report)
    jobs(instance, report)


def processor_time(command, **options):
    """What a command takes of the processors, in seconds."""
    before = os.times()
    output(*command, **options)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def scale(instance, peers, photo, rounds, report):
    folder = peers.folder / "made"
    folder.mkdir()
    order = json.dumps({
        "source": str(photo), "mimeType": "image/jpeg", "folder": str(folder), "presets": ["m=640"], "formats": ["jpeg"],
        "pixels": 200_000_000, "frames": 100, "ratio": 200, "focus": None, "watermark": None, "cleans": False})
    ours, vips, thumbor = [], [], []
    program = instance.mediad.parent / "mediad-image"
    with Thumbor(peers, photo.parent) as server:
        for round in range(rounds):
            ours.append(TURN / sum(processor_time([program], input=order) for _ in range(TURN)))
            vips.append(TURN / sum(
                processor_time([
                    "vipsthumbnail", photo, "--size", "640x", "-o",
                    f"{folder}/v.jpg[Q=80,strip,optimize_coding,interlace]"]) for _ in range(TURN)))
            thumbor.append(server.rate(TURN))
            note(f"round {round + 1}: {ours[-1]:.1f}, vipsthumbnail {vips[-1]:.1f}, thumbor {thumbor[-1]:.1f} a second of processor")
    sides = {subprocess.run(["vipsheader", "-f", "width", path], capture_output=True, text=True).stdout.strip()
             for path in (folder / "m.jpg", folder / "v.jpg")}
    if sides != {"640"}:
        raise Failure(f"the pictures are {sides} wide")
    report.compare(GROUP, "12 megapixels to 640, JPEG, with place holder", ours, vips, "vipsthumbnail", "pictures/CPU s", goal=0.9)
    report.compare(GROUP, "12 megapixels to 640, JPEG", ours, thumbor, "thumbor", "pictures/CPU s", goal=1.5)


class Thumbor:
    """A thumbor with its own loader of files, that keeps nothing."""

    def __init__(self, peers, folder):
        environment = peers.instance.repository / ".build/bench-thumbor"
        if not (environment / THUMBOR).exists():
            note("installing thumbor from PyPI")
            output(sys.executable, "-m", "venv", environment)
            output(environment / "bin/pip", "install", "--disable-pip-version-check", "-q", THUMBOR)
            (environment / THUMBOR).touch()
        self.port = free_port()
        settings = peers.folder / "thumbor.conf"
        settings.write_text(
            f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = '{folder}'\n"
            "STORAGE = 'thumbor.storages.no_storage'\nRESULT_STORAGE = ''\nALLOW_UNSAFE_URL = True\nQUALITY = 80\n")
        self.process = start(
            [environment / "bin/thumbor", "-p", self.port, "-i", "127.0.0.1", "-c", settings], peers.folder / "thumbor.log")
        self.url = f"http://127.0.0.1:{self.port}/unsafe/640x0/photo.jpg"

    def __enter__(self):
        try:
            wait_until(self.answers, 30, "thumbor doesn't answer")
        except BaseException:
            end(self.process)
            raise
        return self

    def __exit__(self, *_):
        end(self.process)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url, timeout=10) as answer:
                return answer.read()
        except OSError:
            return None

    def used(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            return sum(int(word) for word in file.read().rpartition(")")[2].split()[11:13]) / os.sysconf("SC_CLK_TCK")

    def rate(self, count):
        before = self.used()
        for _ in range(count):
            if not self.answers():
                raise Failure("thumbor failed")
        return count / (self.used() - before)


def variant(instance, peers, photo, rounds, report):
    record = instance.upload(photo.read_bytes(), "photo.jpg", "image/jpeg")
    record = wait_until(lambda: ready(instance, record), 60, "the photo isn't READY")
    made = next(item for item in record["variants"] if item["url"].endswith("/small.jpg"))
    path = made["url"].removeprefix(instance.url)
    bytes_of = instance.sql(
        f"SELECT LOWER(HEX(sha256)) FROM variants WHERE media_id = '{record['id']}' AND name = 'small' AND extension = 'jpg'")[0]
    targets = {
        "ours": load.target(instance.url + path, {"Authorization": instance.authorization}),
        "static": load.target(peers.static_url({**record, "sha256": bytes_of}))}
    rates, _ = load.take_turns(targets, rounds)
    report.compare(
        GROUP, f"private variant of {made['size'] // 1000} KB", rates["ours"], rates["static"], "nginx static", "requests/s", goal=0.9)


def ready(instance, record):
    found = instance.call("GET", f"/v1/media/{record['id']}")
    return found if found["status"] == "READY" else None


def encode(source, folder, sides):
    """One run of ffmpeg with the options of the service."""
    names = "".join(f"[s{side}]" for side in sides)
    words = ["ffmpeg", "-v", "error", "-y", "-i", source, "-filter_complex",
             f"[0:0]fps=25,split={len(sides)}{names};" + ";".join(
                 f"[s{side}]scale={RUNGS[side][0]}:{side},setsar=1,format=yuv420p[v{side}]" for side in sides)]
    for side in sides:
        _, video, audio = RUNGS[side]
        words += ["-map", f"[v{side}]", "-map", "0:a:0", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23",
                  "-maxrate", f"{video}k", "-bufsize", f"{2 * video}k", "-sc_threshold", "0", "-force_key_frames",
                  "expr:gte(t,n_forced*2)", "-c:a", "aac", "-b:a", f"{audio}k", "-f", "hls", "-hls_time", "4", "-hls_playlist_type",
                  "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file", "-hls_segment_filename", f"{folder}/{side}.mp4",
                  f"{folder}/{side}.m3u8"]
    begin = time.monotonic()
    output(*words)
    return time.monotonic() - begin


def ladder(instance, peers, rounds, report):
    """Once: it takes its time."""
    film = peers.folder / "film.mp4"
    output("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size=1920x1080:rate=25:duration={FILM_SECONDS}", "-f", "lavfi",
           "-i", f"sine=duration={FILM_SECONDS}", "-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M",
           "-pix_fmt", "yuv420p", "-c:a", "aac", film)
    folder = peers.folder / "ladder"
    folder.mkdir()
    together = encode(film, folder, list(RUNGS))
    separate = sum(encode(film, folder, [side]) for side in RUNGS)
    report.compare(
        GROUP, f"ladder of {FILM_SECONDS} s of 1080p, one decoding", [together], [separate], "a run for each rendition", "s", goal=1 / 0.7,
        more_is_better=False)
    begin = time.monotonic()
    record = instance.upload(film.read_bytes(), "film.mp4", "video/mp4")
    wait_until(lambda: ready(instance, record), 600, "the film isn't READY")
    first = time.monotonic() - begin

    def done():
        return instance.call("GET", f"/v1/media/{record['id']}/processing")["state"] == "DONE"

    wait_until(done, 600, "the film isn't done")
    whole = time.monotonic() - begin
    note(f"playable after {first:.1f} s, all of it after {whole:.1f} s")
    report.measure(GROUP, "a film is playable after, of the time for all of it", [first / whole], "", limit=0.25)


def jobs(instance, report):
    """Jobs of records that are gone: what is left is the queue."""
    rows = ", ".join(f"('c{'j' * 20}{number:04d}', 'process', 'c{'k' * 20}{number:04d}', 'user{number}', '{{}}', NOW(3), NOW(3))"
                     for number in range(JOBS))
    instance.sql(f"INSERT INTO jobs (id, kind, subject, user_id, payload, due_at, created_at) VALUES {rows}")
    environment = {**os.environ, "MEDIA_CONFIG_FILE": str(instance.state / "settings.env")}
    workers = [start([instance.mediad, "work"], instance.state / "log/bench-work.log", env=environment) for _ in range(WORKERS)]
    try:
        wait_until(
            lambda: instance.sql("SELECT COUNT(*) FROM jobs WHERE id LIKE 'cjjj%' AND state = 'DONE'")[0] == str(JOBS), 120,
            "the jobs aren't done")
    finally:
        for worker in workers:
            end(worker)
    once, seconds = instance.sql(
        "SELECT SUM(attempts), TIMESTAMPDIFF(MICROSECOND, MIN(ended_at), MAX(ended_at)) / 1e6 FROM jobs WHERE id LIKE 'cjjj%'"
    )[0].split()
    if int(once) != JOBS:
        raise Failure(f"{JOBS} jobs were begun {once} times")
    # deploy/run's own takes part.
    each = float(seconds) * (WORKERS + 1) / JOBS * 1000
    note(f"{JOBS} jobs in {float(seconds):.1f} s by {WORKERS + 1} processes, each once")
    report.measure(GROUP, f"overhead of a job, {WORKERS + 1} processes", [each], "ms", limit=10)
