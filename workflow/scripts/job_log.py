"""Messages of a job go to its log; an input that cannot be used ends the job with sentences, not with a traceback."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from legsci.ingest.faults import InputFaults


@contextmanager
def job_log(path: str) -> Iterator[None]:
    """Send messages, warnings and errors of the block to the file; end the job with code 1 on faults of the input."""
    try:
        logging.basicConfig(filename=path, filemode="w", level=logging.INFO, format="%(message)s", force=True)
    except OSError as error:
        sys.exit(f"{path} cannot be written: {error.strerror}.")
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a full disk takes no log either, and its traceback would hide the sentence
    try:
        yield
    except InputFaults as faults:
        logging.error(faults)
        sys.exit(1)
    except Exception as error:
        from legsci.storage import place_sentence  # 0.2 s, for jobs that fail only

        sentence = place_sentence(error)
        logging.error(sentence or "The job ended with an error that is no fault of the input:", exc_info=not sentence)
        sys.exit(sentence or 1)
