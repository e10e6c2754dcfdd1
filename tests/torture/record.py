"""What came of each point that was tried, in a file, so that a run goes on where one before ended.

A line for each try: a hash of the program, what came of it, the point, with tabs between. What
another program was tried at does not count. Nothing is taken back: a failure stays one.
"""

import collections
import hashlib
import pathlib

FAILED = "FAILED"  # an outcome


class Record:
    def __init__(self, path, program):
        """Without a path it is kept in memory."""
        self.path = path and pathlib.Path(path)
        self.key = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()[:16]
        self.outcomes = collections.defaultdict(list)  # by point, of each try
        for line in self.read_lines():
            words = line.split("\t")
            if len(words) == 3 and words[0] == self.key:  # the last line may be cut off
                self.outcomes[words[2]].append(words[1])

    def read_lines(self):
        if not self.path or not self.path.exists():
            return []
        return self.path.read_text().splitlines()

    def add(self, point, outcome):
        self.outcomes[point].append(outcome)
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(f"{self.key}\t{outcome}\t{point}\n")
