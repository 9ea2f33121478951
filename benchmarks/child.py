"""One contender, once, in a process of its own: `child.py JOB CONTENDER PATH` prints JSON.

The libraries are loaded and warmed up on a small file before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

from contenders import JOBS


def main(job_name: str, contender: str, path: str, warm_up: str) -> None:
    """Warm up, measure once, print seconds and the result."""
    warnings.simplefilter("ignore")
    job = next(job for job in JOBS if job.name == job_name)
    compute = job.contenders[contender]
    try:
        compute(warm_up)
    except ImportError as error:
        print(json.dumps({"absent": str(error)}))
        return
    start = time.perf_counter()
    result = compute(path)
    print(json.dumps({"seconds": time.perf_counter() - start, "result": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
