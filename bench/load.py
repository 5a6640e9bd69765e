"""Pages served a second: readers in threads, each on a connection kept open, as a browser's is."""

import http.client
import threading
import time
from dataclasses import dataclass, field

READERS = 8


class NotThePage(RuntimeError):
    """Another answer than 200."""


@dataclass(frozen=True, slots=True)
class Page:
    port: int
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)

    def fetch(self, over: http.client.HTTPConnection) -> bytes:
        """Its body. Raises NotThePage."""
        over.request("GET", self.path, headers=self.headers)
        answer = over.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise NotThePage(f"{self.path} answers {answer.status}: {body[:200]!r}")
        return body

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)


def rate(page: Page, *, seconds: float) -> float:
    """Pages a second. Raises NotThePage when a reader met anything else."""
    counts, failures = [0] * READERS, []
    until = time.perf_counter() + seconds

    def reader(position: int) -> None:
        over = page.connect()
        try:
            while time.perf_counter() < until:
                page.fetch(over)
                counts[position] += 1
        except (OSError, http.client.HTTPException, NotThePage) as error:
            failures.append(error)
        finally:
            over.close()

    start = time.perf_counter()
    readers = [threading.Thread(target=reader, args=(position,)) for position in range(READERS)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join()
    if failures:
        raise NotThePage(f"{len(failures)} readers failed, the first by {failures[0]!r}")
    return sum(counts) / (time.perf_counter() - start)
