"""What MariaDB did for statements that took long."""

import re
import time

from tools import note

# Seconds.
LONG = 0.05
# Of a statement in a note; what it selects is left out.
SHOWN = 600


class Plans:
    def __init__(self, instance):
        self.log = instance.state / "log/slow-statements.log"
        instance.sql(f"""
            SET GLOBAL slow_query_log_file = '{self.log}', long_query_time = {LONG}, log_slow_min_examined_row_limit = 0,
                log_slow_verbosity = 'query_plan,explain', slow_query_log = ON""")
        # Connections that are there already go on as they were.
        instance.renew("serve")
        self.end = self.log.stat().st_size

    def show(self):
        """Notes the statements since the last time, each once, with its plan."""
        # An entry follows after the answer.
        time.sleep(0.2)
        with open(self.log, "rb") as file:
            file.seek(self.end)
            text = file.read()
        self.end += len(text)
        entries = re.split(r"^# User@Host:", text.decode(errors="replace"), flags=re.MULTILINE)[1:]
        for lines in {statement(entry): entry for entry in entries}.values():
            for line in described(lines):
                note(f"    {line}")


def statement(entry):
    """The statement that an entry of the log is about, without what it selects of a record."""
    text = " ".join(line for line in entry.splitlines()[1:] if not line.startswith("#"))
    text = re.sub(r"^(use \S+ *)?SET timestamp=\d+; *", "", text)
    return re.sub(r"SELECT m\.id, m\.type,.*? FROM", "SELECT … FROM", " ".join(text.split()))


def described(entry):
    facts = dict(re.findall(r"(Query_time|Rows_examined|Full_scan|Tmp_table|Filesort): (\S+)", entry))
    traits = [name for name in ("Full_scan", "Tmp_table", "Filesort") if facts.get(name) == "Yes"]
    yield (f"{float(facts['Query_time']) * 1000:,.0f} ms, {int(facts['Rows_examined']):,} rows looked at"
           + "".join(f", {trait.lower().replace('_', ' ')}" for trait in traits))
    yield statement(entry)[:SHOWN]
    yield from re.findall(r"^# explain: \d+\t(.*)$", entry, re.MULTILINE)
