"""One contender, once, in a process of its own: `child.py JOB CONTENDER PATH [SMALL]` prints JSON.

With a small file to warm up on, libraries are loaded before the clock starts; without one it does
no more than a script would that a user runs once.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

from contenders import JOBS


def main(job_name: str, contender: str, path: str, warm_up: str | None = None) -> None:
    """Warm up, measure once, print seconds and the result."""
    warnings.simplefilter("ignore")
    job = next(job for job in JOBS if job.name == job_name)
    compute = job.contenders[contender]
    try:
        if warm_up is not None:
            compute(warm_up)
        start = time.perf_counter()
        result = compute(path)
    except ImportError as error:
        print(json.dumps({"absent": str(error)}))
        return
    print(json.dumps({"seconds": time.perf_counter() - start, "result": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
