"""A run as Workflow Run RO-Crate: workflow, inputs with checksums, results, and when they were made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from legsci import __version__
from legsci.provenance import ROOT
from legsci.reproduction.manifest import MANIFEST, read_manifest
from legsci.reproduction.small_cells import small_cells

#: Profiles that the crate conforms to (Leo et al. 2024, PLoS One 19:e0309210).
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
LICENCE = "https://spdx.org/licenses/MIT"
#: Profile of the entity of the workflow.
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
#: Terms that the context of RO-Crate 1.1 lacks, as Workflow Run Crate defines them.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/netcdf",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".yaml": "application/yaml",
}
#: Files of a checkout that make up the workflow.
WORKFLOW = (
    "Snakefile",
    "workflow/rules/*.smk",
    "workflow/scripts/*.py",
    "workflow/config.yaml",
    "workflow/claims.yaml",
)


def export_crate(results: str | Path, folder: str | Path, *, root: Path = ROOT) -> Path:
    """Write a run of the workflow as an RO-Crate.

    Parameters
    ----------
    results : folder of the run, results/<study>.
    folder : of the crate, which must not exist or be empty.
    root : the checkout.

    Returns
    -------
    The folder: workflow, tables of the results, manifest and ro-crate-metadata.json. Raw files are named with their
    SHA-256 and are not copied, since they may be recordings of people.

    Raises
    ------
    FileExistsError : the folder holds something.
    FileNotFoundError : the run has no manifest.
    """
    results, folder = Path(results), Path(folder)
    manifest = read_manifest(results)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    crate = ROCrate(version="1.1")  # that of the profiles
    crate.metadata.extra_terms.update(TERMS)
    _describe(crate, results, manifest)
    workflow = crate.add_workflow(root / "Snakefile", "Snakefile", main=True, lang="snakemake")
    workflow["name"], workflow["version"], workflow["encodingFormat"] = "legsci", __version__, "text/plain"
    profile = {"@type": "CreativeWork", "name": "Bioschemas ComputationalWorkflow", "version": "1.0-RELEASE"}
    workflow["conformsTo"] = crate.add(ContextEntity(crate, WORKFLOW_PROFILE, properties=profile))
    readme = crate.add_file(root / "README.md", "README.md", properties=_named("README.md"))
    readme["about"] = crate.root_dataset
    for path in sorted({path for pattern in WORKFLOW[1:] for path in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        crate.add_file(path, name, properties=_named(name))
    made = [
        crate.add_file(results / name, f"results/{results.name}/{name}", properties=_checked(name, digest))
        for name, digest in manifest["results"].items()
    ]
    made.append(crate.add_file(results / MANIFEST, f"results/{results.name}/{MANIFEST}", properties=_named(MANIFEST)))
    used = [_raw_file(crate, name, digest) for name, digest in manifest["raw_files"].items()]
    run = {
        "@type": "CreateAction",
        "description": "The workflow read the raw files and made the tables; options and versions are in the manifest.",
        "name": f"run of legsci {__version__} on the study {results.name}",
        "endTime": manifest["made"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    action = crate.add(ContextEntity(crate, "#run", properties=run))
    action["instrument"], action["object"], action["result"] = workflow, used, made
    action["agent"] = crate.root_dataset["author"]
    crate.root_dataset["mentions"] = action
    crate.write(folder)
    return folder


def _describe(crate: ROCrate, results: Path, manifest: Mapping[str, Any]) -> None:
    """Say what the crate is, whom its tables may give away, under which licence, and which profiles it follows."""
    root = crate.root_dataset
    root["name"] = f"Results of the study {results.name}"
    words = f"Tables that legsci {__version__} made of the study {results.name}, with the workflow and checksums."
    root["description"] = f"{words} {small_cells(results)}".strip()
    root["datePublished"] = manifest["made"]
    licence = {"@type": "CreativeWork", "name": "MIT License", "description": "licence of the workflow"}
    root["license"] = crate.add(ContextEntity(crate, LICENCE, properties=licence))
    people = {"@type": "Organization", "name": "legsci contributors"}
    root["publisher"] = root["author"] = crate.add(ContextEntity(crate, "#legsci-contributors", properties=people))
    root["conformsTo"] = [
        crate.add(ContextEntity(crate, uri, properties={"@type": "CreativeWork", "name": name, "version": version}))
        for uri, (name, version) in PROFILES.items()
    ]


def _raw_file(crate: ROCrate, name: str, digest: str) -> ContextEntity:
    """A raw file that is named and not copied."""
    properties = {"@type": "CreativeWork", "name": name, "sha256": digest}
    properties["description"] = "raw file, not part of the crate"
    return crate.add(ContextEntity(crate, f"#raw/{name}", properties=properties))


def _named(name: str) -> dict[str, str]:
    """Name and format of a file."""
    return {"name": name, "encodingFormat": FORMATS.get(Path(name).suffix, "text/plain")}


def _checked(name: str, digest: str) -> dict[str, str]:
    return {**_named(name), "sha256": digest}
