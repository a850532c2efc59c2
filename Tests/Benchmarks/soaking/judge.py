"""Whether anything has grown: limits, and what is beyond them."""

from soaking.samples import SETTLED, quarters

# Seconds after its start from which a process counts as warm, and that it has to be seen after that to be judged.
WARM, LONG = 90, 240
# Sockets of a worker that no thread has connected.
LISTENING = 3
ROLES = ("supervisor", "worker", "job runner", "nginx worker", "MariaDB")


def is_growth(first, last):
    """More than 10 % and more than 5 MB."""
    return last > first * 1.1 and last > first + 5


def memory(sampler, findings):
    """Rows for the report: of each process that lived long enough its memory at first and at last; then of fresh ones."""
    rows = []
    for role in ROLES:
        for id, life in sampler.lives(role).items():
            warm = [entry for entry in life if entry[0] >= life[0][0] + (WARM if life[0][0] > 10 else WARM * 2)]
            if not warm or warm[-1][0] - warm[0][0] < LONG:
                continue
            first, last = quarters(warm)
            minutes = (life[-1][0] - life[0][0]) / 60
            name = f"{role} {id.partition('/')[0]}"
            rows.append([name, f"{minutes:.0f} min", first, last, verdict(role, id, first, last, findings)])
        rows += fresh(sampler, role, findings)
    return rows


def verdict(role, id, first, last, findings):
    if role == "MariaDB":
        # Fills its buffers for as long as there is more to read, up to what it is allowed.
        return "not judged"
    if is_growth(first, last):
        findings.add(f"the memory of a {role} grows", f"process {id}: {first:.1f} MB at first, {last:.1f} MB at last")
        return "GROWS"
    return "steady"


def fresh(sampler, role, findings):
    """The largest one in the first and in the last quarter of the whole run."""
    samples = [sample for sample in sampler.all if not sample.is_resting and sample.at > WARM]
    if not samples or samples[-1].at - samples[0].at < 2 * LONG or role in ("MariaDB", "supervisor"):
        return []
    part = len(samples) // 4
    first, last = (max(sample.most(role) for sample in some) for some in (samples[:part], samples[-part:]))
    return [[f"largest {role}", "any age", first, last, verdict(role, "of any age", first, last, findings)]]


def resting(sampler, service, findings):
    """Rows for the report: descriptors and threads of those that lived from one rest to the next, which have to be the same."""
    rests = [sample for sample in sampler.all if sample.is_resting]
    rows = []
    for before, after in zip(rests, rests[1:]):
        for process in after.processes:
            old = next((each for each in before.processes if each.id == process.id), None)
            if not old or process.role == "MariaDB" or not is_warm(sampler, process, before):
                continue
            # Threads that had nothing to do until then have no connection to MariaDB yet; and some of a job runner's come and go.
            spare = {"worker": max(0, process.threads + LISTENING - old.sockets), "job runner": 2}.get(process.role, 0)
            grows = process.threads > old.threads or process.descriptors - process.sockets > old.descriptors - old.sockets \
                or process.sockets > old.sockets + spare
            if grows:
                findings.add(f"descriptors or threads of a {process.role} grow",
                             f"{old.threads} → {process.threads} threads, {old.descriptors} → {process.descriptors} descriptors, "
                             f"of these {old.sockets} → {process.sockets} sockets")
            rows.append([f"{process.role} {process.id.partition('/')[0]}", f"{old.threads} → {process.threads}",
                         f"{old.descriptors} → {process.descriptors}", f"{old.sockets} → {process.sockets}",
                         "GROWS" if grows else "same"])
    return rows


def is_warm(sampler, process, rest):
    """Whether a process had load for a while before a rest: some threads are made when they are first needed."""
    return sum(sample.at < rest.at and not sample.is_resting and any(each.id == process.id for each in sample.processes)
               for sample in sampler.all) * sampler.pause >= WARM


def settled(sample, findings):
    """What is left once everything is settled and has to be none."""
    for name, number in {**sample.files, **{name: sample.counts[name] for name in SETTLED}}.items():
        if number:
            findings.add(f"left at the end: {name}", str(number))
