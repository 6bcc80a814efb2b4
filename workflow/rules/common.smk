"""The options and studies of a run, and input functions of the rules."""

import json
import os
import re
import sys
from functools import cache
from io import StringIO
from pathlib import Path

import pandas as pd
import yaml

# The checkout itself is the package: a bare `snakemake` works where legsci is not installed, and so do its script jobs.
sys.path.insert(0, workflow.basedir)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [workflow.basedir, os.environ.get("PYTHONPATH")]))

from legsci.ingest.check import check_study
from legsci.ingest.faults import InputFaults, StudyError
from legsci.ingest.settings import read_settings
from legsci.ingest.study import absent_task, absent_tasks, read_study, recorded_participants
from legsci.ingest.tables import ROWS_NAMED, load_schema, suggestion, typed_table
from legsci.mechanics.force.profiles import load_profiles
from legsci.present.figures.registry import CONFIG_LISTS, figure_lists
from legsci.provenance import Sources, batches, content_digest, row_digests
from legsci.tasks import TASKS
from legsci.vocabulary import new_name
from workflow.progress import show_progress
from workflow.report_inputs import gives, show_inputs

#: The one study that rules make; all others are given.
VIRTUAL = "virtual"
VIRTUAL_FOLDER = f"data/raw/{VIRTUAL}"


#: Digest of modules of legsci, which the rules name among their params; each module is read once.
source_digest = Sources().digest


wildcard_constraints:
    study="[A-Za-z0-9_-]+",
    participant="[A-Za-z0-9-]+",
    session="[A-Za-z0-9-]+",
    # of one participant, or of several (legsci.provenance.batches)
    batch="[A-Za-z0-9-]+|batch_[0-9]+",


RUN_NAMES = "is not a name: letters, digits, - and _, the first a letter or digit, and not a number alone"


def schema_sentence(error):
    """Return one error of the schema as a sentence; for an unknown name with its new name or a similar one."""
    if error.json_path == "$.run":
        fault = "is reserved for the run without a name" if error.validator == "not" else RUN_NAMES
        return f"run: {error.instance!r} {fault}"
    sentence = f"{error.json_path.removeprefix('$').lstrip('.') or 'keys'}: {error.message}"
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        hints = {key: suggestion(key, known) for key in error.instance if key not in known}
        sentence += "".join(f"; {key}{hint}" for key, hint in hints.items() if hint)
    if error.validator == "type" and "expected" in error.schema:
        sentence += f"; expected {error.schema['expected']}"
    if error.validator == "enum":
        elsewhere = error.schema.get("elsewhere", {})
        sentence += suggestion(str(error.instance), error.validator_value, elsewhere=elsewhere)
    return sentence


def renamed(error):
    """Whether an error is a missing key that is there under its old name, which is an error of its own."""
    known = error.schema.get("properties", {}) if error.validator == "required" else {}
    new = [new_name(key) for key in error.instance if key not in known] if known else []
    return any(error.message == f"{name!r} is a required property" for name in new)


def typed(value):
    """Numbers and words inside a block of options, which `--config` leaves as text, as YAML reads them."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    return yaml.safe_load(value) if isinstance(value, str) and re.fullmatch(r"[\w.+-]+", value) else value


def config_schema():
    """The schema of the options, with the tasks, and the figures that each list may hold."""
    schema = yaml.safe_load(Path(workflow.basedir, "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    cutoffs = schema["properties"]["motion"]["properties"]["cutoff_hz"]
    cutoffs |= {"properties": dict.fromkeys(TASKS, cutoffs["additionalProperties"]), "required": list(TASKS)}
    cutoffs["additionalProperties"] = False
    lists = schema["properties"]["figures"]["properties"]
    figures = figure_lists()
    belongs = {figure: f"belongs to figures.{own}" for figure, own in figures.items()}
    for name in CONFIG_LISTS:
        items = lists[name]["items"]
        names = [figure for figure, own in figures.items() if own == name]
        lists[name]["items"] = items | {"enum": names, "elsewhere": items["elsewhere"] | belongs}
    return schema


def check_config():
    """End the run with a sentence for each fault of the options."""
    import jsonschema

    errors = jsonschema.Draft202012Validator(config_schema()).iter_errors(config)
    faults = [schema_sentence(error) for error in errors if not renamed(error)]
    if not faults:
        known = list(load_profiles())
        unknown = [name for name in config["profiles"] if name not in known]
        faults += [f"profiles: '{name}' is not one of {known}{suggestion(name, known)}" for name in unknown]
        if config["profile"] not in config["profiles"]:
            faults.append(f"profile: '{config['profile']}' is not one of profiles, {config['profiles']}")
        preset = yaml.safe_load(Path(workflow.basedir, "workflow/config.yaml").read_text(encoding="utf-8"))
        if "run" in config and config["virtual"] != preset["virtual"]:
            faults.append(
                "virtual: a named run takes the virtual athletes as the default run simulated them; leave these options out"
            )
    if faults:
        sys.exit("\n  ".join(["workflow/config.yaml and --config cannot be used:", *faults]))


def print_absent_tasks(study):
    """Say which trials will be rejected since legsci does not have their task."""
    absent = absent_tasks(study.trials)
    for task in dict.fromkeys(absent.values()):
        rows = [str(row) for row, name in absent.items() if name == task]
        listed = ", ".join(rows[:ROWS_NAMED]) + (", ..." if len(rows) > ROWS_NAMED else "")
        print(
            f"study {study.folder}: trials.tsv, row {listed}: legsci has no task {absent_task(task)}.", file=sys.stderr
        )
        print("  These trials are rejected in quality.csv, the others are processed.", file=sys.stderr)


def registry_faults(study):
    """Faults of measurements and norms that the registry of metrics shows; it is imported for studies that have some."""
    if not len(study.measurements) + len(study.reliability) + len(study.reference):
        return []
    from legsci.metrics.measurements import measurement_faults
    from legsci.metrics.reference import reference_faults

    return [*measurement_faults(study), *reference_faults(study)]


def read_studies():
    """The studies of this run by name, None for that of the virtual athletes, if rules of this run make its tables.

    The faults of all studies are listed and end the run before any job starts. A job, which is a process of its own,
    takes the folder of a study in place of its tables: it reads what it needs, and the run has checked them.
    """
    folders = [config["study"]] if "study" in config else config["studies"]
    simulated = [folder for folder in folders if Path(folder) == Path(VIRTUAL_FOLDER)]
    brought = [folder for folder in folders if RUN_NAME or folder not in simulated]
    studies, faults = {}, []
    for folder in brought:
        settings, _ = read_settings(Path(folder, "study.yaml"), checked=True)
        if not workflow.is_main_process:
            studies[settings["name"]] = folder
            continue
        fetched = Path(f"results/{settings.get('name')}/fetched.txt")
        awaited = "source" in settings and not fetched.exists()
        try:
            # Recordings are checked here and not in a rule: else an edited table would remake every session.
            study = read_study(folder, require_recordings=False) if awaited else check_study(folder, registry_faults)
        except StudyError as error:
            faults.append(str(error))
            if "source" in settings and not awaited:
                faults.append(f"  if recordings that were fetched are gone: delete {fetched} to fetch them again")
            if folder in simulated:
                faults.append(
                    "  the default run makes the recordings of the virtual athletes: run `snakemake` without run="
                )
            continue
        if not awaited:
            print_absent_tasks(study)
        if study.name in studies:
            faults.append(f"study {folder}: the name {study.name} is taken by {studies[study.name].folder}")
        if study.name == VIRTUAL and folder not in simulated:
            faults.append(f"study {folder}: the name {VIRTUAL} is taken by {VIRTUAL_FOLDER}")
        studies[study.name] = study
    if faults:
        sys.exit("\n".join(faults))
    return studies if brought == folders else studies | {VIRTUAL: None}


def check_claims_and_plans():
    """End the run with the faults of the registered claims and of the plans of simulated cohorts."""
    from legsci.models.analysis import study_claims
    from legsci.models.claims.registry import load_claims
    from legsci.models.plans import load_plans

    claims, faults = None, []
    try:
        claims = [claim.id for claim in load_claims(Path("workflow/claims.yaml")).claims]
    except InputFaults as error:
        faults.append(str(error))
    for study in filter(None, STUDIES.values()):
        try:
            study_claims(study, Path("workflow/claims.yaml"))
        except InputFaults as error:
            faults.append(f"study {study.folder}: {error}")
    try:
        load_plans(Path("workflow/planning.yaml"), config["virtual"], claims=claims)
    except InputFaults as error:
        faults.append(str(error))
    if faults:
        sys.exit("\n".join(faults))


config.update({name: typed(value) for name, value in config.items() if isinstance(value, dict)})
check_config()
#: Name of this run, None for the default run.
RUN_NAME = config.get("run")
#: Folder of what depends on the options of a run. Session files do not, and are shared: results/{study}/sessions.
RUN = f"results/{{study}}/runs/{RUN_NAME}" if RUN_NAME else "results/{study}"
VIRTUAL_RUN = RUN.format(study=VIRTUAL)
#: Options on which the results of a run depend.
OPTIONS = {
    name: value
    for name, value in config.items()
    if name not in ("studies", "study", "run", "figures", "virtual", "batches")
}
STUDIES = read_studies()
# Importing the models takes a second, which each job would pay again.
if workflow.is_main_process:
    check_claims_and_plans()
show_progress(workflow)
show_inputs()


#: Priority of the simulation of recordings, and of the chain of jobs from virtual recordings to claims: no job waits for
#: figures and notebooks, which fill idle cores.
FIRST = 1


def in_order(priority):
    """Priority of the jobs of a rule: those of studies with recorded data come before anything is simulated."""

    def of_job(wildcards):
        return priority + 2 * (getattr(wildcards, "study", VIRTUAL) != VIRTUAL)

    return of_job


@cache
def read_again(folder, written_ns):
    """A study whose tables the run makes, or that a job reads; read again when its tables have been written again."""
    return read_study(folder, require_recordings=False, checked=not workflow.is_main_process)


def folder_of(name):
    """Folder of a study, and when its tables were written, of one whose tables a checkpoint of this run writes."""
    if STUDIES[name] is None:
        checkpoints.simulate_cohort.get()
        return VIRTUAL_FOLDER, Path(VIRTUAL_FOLDER, "trials.tsv").stat().st_mtime_ns
    return str(getattr(STUDIES[name], "folder", STUDIES[name])), None


def study_of(name):
    """A study by name; that of the virtual athletes after the checkpoint that writes its tables."""
    read = STUDIES[name] is not None and workflow.is_main_process
    return STUDIES[name] if read else read_again(*folder_of(name))


@gives(f"{VIRTUAL_FOLDER}/study.yaml, of the virtual athletes")
def made_tables(wildcards):
    """Input of a rule whose params depend on the tables of a study, where a rule makes those tables.

    The checkpoint is requested, and not the file alone: else the params are treated as changed until it is evaluated,
    and rules downstream run again each time.
    """
    if STUDIES[wildcards.study]:
        return []
    checkpoints.simulate_cohort.get()
    return f"{VIRTUAL_FOLDER}/study.yaml"


def study_folder(wildcards):
    """Folder of a study."""
    return VIRTUAL_FOLDER if STUDIES[wildcards.study] is None else folder_of(wildcards.study)[0]


def decided_folder(wildcards):
    """Folder of a study whose curation.tsv is followed; None for the virtual athletes, whose folder this run makes."""
    return None if wildcards.study == VIRTUAL else study_folder(wildcards)


def fetched_recordings(wildcards):
    """Source and paths of the recordings that are fetched for a study."""
    study = study_of(wildcards.study)
    return json.dumps([study.settings["source"], sorted(study.recordings["path"].unique())], sort_keys=True)


@gives("workflow/claims.yaml or that of the study")
def claims_file(wildcards):
    """The registry of claims: that of the study where it has one of its own, else that of the workflow."""
    made = STUDIES[wildcards.study] is None
    return str((None if made else study_of(wildcards.study).claims) or "workflow/claims.yaml")


@gives("measurements of the study folder, where there are any")
def measurement_file(wildcards):
    """The table of what other systems measured, where a study has one."""
    study = study_of(wildcards.study)
    return str(study.folder / study.file("measurements")) if len(study.measurements) else []


def measurement_digest(wildcards):
    """Digest of what study.yaml and curation.tsv say of measurements."""
    study = study_of(wildcards.study)
    said = json.dumps([study.layout("measurements"), study.simulated], sort_keys=True)
    return content_digest(said, study.curation.to_json(orient="table", index=False) if len(study.measurements) else "")


@gives(f"{VIRTUAL_FOLDER}/truth/trials/{{participant}}.tsv")
def virtual_truth(wildcards):
    """True values of the trials of each virtual athlete who came to a session."""
    return [f"{VIRTUAL_FOLDER}/truth/trials/{person}.tsv" for person in people_of(*folder_of(VIRTUAL))]
