"""A Slurm of several nodes on this machine, by which `profiles/slurm` is tested; as root, with slurm-wlm and munge."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

#: Where Slurm's tools look by default: snakemake takes the variables of Slurm out of the environment of its jobs.
CONF = Path("/etc/slurm/slurm.conf")
MUNGED, CONTROLLER, NODE = "/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd"
CORES, MEMORY_MB = 2, 4000
#: Seconds without an answer after which a node is taken for lost, and its jobs are sent again.
LOST_S = 30
WAIT_S = 60.0
SETTINGS = """\
ClusterName=legsci
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdParameters=config_overrides
SlurmdTimeout={lost_s}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MinJobAge=86400
"""


@dataclass
class Nodes:
    """The nodes of a running Slurm; `daemons` are the processes of `NODE` by the name of their node."""

    daemons: dict[str, psutil.Process]

    def running_jobs(self, node: str) -> int:
        """Number of jobs that run on a node."""
        return len(_said("squeue", "--noheader", "--states=RUNNING", f"--nodelist={node}").splitlines())

    def requeued(self) -> int:
        """How often jobs were sent again, of all jobs since the start."""
        fields = _said("scontrol", "show", "jobs").split()
        return sum(int(field.removeprefix("Restarts=")) for field in fields if field.startswith("Restarts="))

    def kill(self, node: str) -> None:
        """Kill the daemon of a node and all that its jobs have started there, as when its power fails."""
        killed = [self.daemons.pop(node)]
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("SLURMD_NODENAME") == node:
                    steps = [parent for parent in process.parents() if parent.name() == "slurmstepd"]
                    killed += [*steps, process]
        for process in killed:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _wait(what: str, done: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not done():
        if time.monotonic() > until:
            sys.exit(f"{what} within {WAIT_S:.0f} s")
        time.sleep(0.5)


def _process(pid_file: Path) -> psutil.Process:
    """The daemon that has written its id to a file."""
    _wait(f"{pid_file} was not written", lambda: pid_file.is_file() and bool(pid_file.read_text().strip()))
    return psutil.Process(int(pid_file.read_text()))


def _faults() -> list[str]:
    missing = [path for path in (MUNGED, CONTROLLER, NODE) if not Path(path).is_file()]
    faults = [f"not installed: {', '.join(missing)} (apt-get install slurm-wlm munge)"] if missing else []
    if os.geteuid():
        faults.append("must be run as root: munge is started as its own user, and nodes start jobs")
    if CONF.exists() or CONF.is_symlink():
        faults.append(f"{CONF} is there: this machine has a Slurm of its own")
    return faults


@contextmanager
def slurm(folder: Path, names: tuple[str, ...] = ("n1", "n2")) -> Iterator[Nodes]:
    """Start a Slurm whose nodes are daemons on this machine, and stop it at the end.

    Parameters
    ----------
    folder : for its files; must be readable by the user munge.
    names : of the nodes, each with CORES cores and MEMORY_MB of memory, whatever the machine has.

    Raises
    ------
    SystemExit : Slurm cannot be started here, with all reasons.
    """
    if faults := _faults():
        sys.exit("\n".join(faults))
    for part in ("munge", "state", *(f"spool/{name}" for name in names)):
        (folder / part).mkdir(parents=True)
    settings = SETTINGS.format(host=socket.gethostname().partition(".")[0], folder=folder, lost_s=LOST_S)
    for number, name in enumerate(names):
        settings += f"NodeName={name} NodeHostname={socket.gethostname().partition('.')[0]} NodeAddr=127.0.0.1 "
        settings += f"Port={26901 + number} CPUs={CORES} CoresPerSocket={CORES} RealMemory={MEMORY_MB}\n"
    (folder / "slurm.conf").write_text(f"{settings}PartitionName=test Nodes={','.join(names)} Default=YES\n")
    started: list[psutil.Process] = []
    try:
        CONF.parent.mkdir(exist_ok=True)
        CONF.symlink_to(folder / "slurm.conf")
        started.append(_munge(folder / "munge"))
        subprocess.run([CONTROLLER], check=True)
        started.append(_process(folder / "slurmctld.pid"))
        nodes = Nodes({})
        for name in names:
            subprocess.run([NODE, "-N", name], check=True)
            nodes.daemons[name] = _process(folder / f"slurmd.{name}.pid")
            started.append(nodes.daemons[name])
        _wait("not all nodes answered", lambda: _said("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * len(names))
        yield nodes
    finally:
        CONF.unlink()
        for process in reversed(started):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
        psutil.wait_procs(started, timeout=WAIT_S)


def _munge(folder: Path) -> psutil.Process:
    """Start the daemon by which the parts of Slurm trust one another."""
    (folder / "key").write_bytes(os.urandom(1024))
    (folder / "key").chmod(0o400)
    folder.chmod(0o755)
    for path in (folder, folder / "key"):
        shutil.chown(path, "munge")
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    options = [f"--{name}={folder / file}" for name, file in files.items()]
    subprocess.run(["/usr/sbin/runuser", "-u", "munge", "--", MUNGED, "--force", *options], check=True)
    return _process(folder / "pid")
