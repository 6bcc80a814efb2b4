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
from legsci.ingest.study import absent_task, absent_tasks, read_study
from legsci.ingest.tables import ROWS_NAMED, load_schema, suggestion, typed_table
from legsci.mechanics.force.profiles import load_profiles
from legsci.present.figures.registry import CONFIG_LISTS, figure_lists
from legsci.provenance import content_digest, row_digests, source_digest
from legsci.tasks import TASKS
from legsci.vocabulary import new_name

#: The one study that rules make; all others are given.
VIRTUAL = "virtual"
VIRTUAL_FOLDER = f"data/raw/{VIRTUAL}"


wildcard_constraints:
    study="[A-Za-z0-9_-]+",
    participant="[A-Za-z0-9-]+",
    session="[A-Za-z0-9-]+",


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


def read_studies():
    """The studies of this run by name, None for that of the virtual athletes, if rules of this run make its tables.

    The faults of all studies are listed and end the run before any job starts.
    """
    folders = [config["study"]] if "study" in config else config["studies"]
    simulated = [folder for folder in folders if Path(folder) == Path(VIRTUAL_FOLDER)]
    brought = [folder for folder in folders if RUN_NAME or folder not in simulated]
    studies, faults = {}, []
    for folder in brought:
        settings, _ = read_settings(Path(folder, "study.yaml"), checked=True)
        fetched = Path(f"results/{settings.get('name')}/fetched.txt")
        awaited = "source" in settings and not fetched.exists()
        try:
            # Recordings are checked here and not in a rule: else an edited table would remake every session. Only the
            # main process checks them, not the jobs that run as processes of their own.
            opened = workflow.is_main_process and not awaited
            study = (
                check_study(folder)
                if opened
                else read_study(folder, require_recordings=False, checked=not workflow.is_main_process)
            )
        except StudyError as error:
            faults.append(str(error))
            if "source" in settings and not awaited:
                faults.append(f"  if recordings that were fetched are gone: delete {fetched} to fetch them again")
            if folder in simulated:
                faults.append(
                    "  the default run makes the recordings of the virtual athletes: run `snakemake` without run="
                )
            continue
        if opened:
            print_absent_tasks(study)
        if opened and len(study.measurements) + len(study.reliability) + len(study.reference):
            from legsci.metrics.measurements import measurement_faults
            from legsci.metrics.reference import reference_faults

            found = [*measurement_faults(study), *reference_faults(study)]
            faults += [str(StudyError(f"study {folder}", found))] if found else []
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
    name: value for name, value in config.items() if name not in ("studies", "study", "run", "figures", "virtual")
}
STUDIES = read_studies()
# Importing the models takes a second, which each job would pay again.
if workflow.is_main_process:
    check_claims_and_plans()


@cache
def read_virtual_study(written_ns):
    """The study of the virtual athletes, read again when its tables have been written again."""
    return read_study(VIRTUAL_FOLDER, require_recordings=False, checked=not workflow.is_main_process)


#: Priority of the chain of jobs from recordings to claims: no job waits for figures and notebooks, which fill idle cores.
FIRST = 1


def study_of(name):
    """A study by name; that of the virtual athletes after the checkpoint that writes its tables."""
    if STUDIES[name]:
        return STUDIES[name]
    checkpoints.simulate_cohort.get()
    return read_virtual_study(Path(VIRTUAL_FOLDER, "trials.tsv").stat().st_mtime_ns)


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
    return VIRTUAL_FOLDER if wildcards.study == VIRTUAL else str(STUDIES[wildcards.study].folder)


class Rows:
    """What the rules of a participant need of the tables of a study, found in one pass over each table."""

    #: Tables about the recordings of a participant.
    NAMES = ("participants", "sessions", "trials", "recordings")

    def __init__(self, study):
        self.study = study
        visits = study.trials[["participant_id", "session_id"]].drop_duplicates()
        #: (participant, session) of each session that has trials.
        self.sessions = list(visits.itertuples(index=False, name=None))
        self.people = list(dict(self.sessions))
        self.settings = json.dumps(study.settings, sort_keys=True)
        self.digests = [row_digests(self.of_visits(name), "participant_id") for name in self.NAMES]
        paths = study.recordings.dropna(subset=["path"]).groupby("participant_id", sort=False)["path"]
        self.paths = paths.unique().to_dict()
        decisions = self.of_visits("curation")
        self.curation = dict(list(decisions.groupby("participant_id", sort=False)))

    def of_visits(self, name):
        """Rows of a table about participants and about sessions that have trials."""
        rows = getattr(self.study, name)
        if "session_id" not in rows:
            return rows
        keys = pd.MultiIndex.from_frame(rows[["participant_id", "session_id"]])
        return rows[keys.isin(self.sessions)] if self.sessions else rows.iloc[:0]

    def digest(self, person):
        """Digest of the settings and rows about a participant's recordings."""
        return content_digest(self.settings, *(of.get(person, "") for of in self.digests))


#: Name of a study -> its rows; those of the virtual athletes are found again when their tables have been written again.
_ROWS = {}


def rows_of(study):
    """The rows of a study by participant."""
    if study.name not in _ROWS or _ROWS[study.name].study is not study:
        _ROWS[study.name] = Rows(study)
    return _ROWS[study.name]


def session_keys(study):
    """(participant, session) of each session that has trials."""
    return rows_of(study).sessions


def per_participant(pattern):
    """Input function: the folder of each participant of a study, named by a pattern with {study}, {participant}."""

    def folders(wildcards):
        people = rows_of(study_of(wildcards.study)).people
        return [pattern.format(study=wildcards.study, participant=person) for person in people]

    return folders


def recording_files(wildcards):
    """Recordings of a participant; of a virtual athlete their folder; of a fetched study the list of its recordings."""
    study = study_of(wildcards.study)
    if study.name == VIRTUAL:
        return f"{VIRTUAL_FOLDER}/{wildcards.participant}"
    if "source" in study.settings:
        return f"results/{study.name}/fetched.txt"
    return [str(study.folder / path) for path in rows_of(study).paths.get(wildcards.participant, [])]


def fetched_recordings(wildcards):
    """Source and paths of the recordings that are fetched for a study."""
    study = STUDIES[wildcards.study]
    return json.dumps([study.settings["source"], sorted(study.recordings["path"].unique())], sort_keys=True)


def claims_file(wildcards):
    """The registry of claims: that of the study where it has one of its own, else that of the workflow."""
    study = STUDIES[wildcards.study]
    return str((study and study.claims) or "workflow/claims.yaml")


def measurement_file(wildcards):
    """The table of what other systems measured, where a study has one."""
    study = study_of(wildcards.study)
    return str(study.folder / study.file("measurements")) if len(study.measurements) else []


def measurement_digest(wildcards):
    """Digest of what study.yaml says of measurements."""
    study = study_of(wildcards.study)
    return content_digest(json.dumps([study.layout("measurements"), study.simulated], sort_keys=True))


def participant_digest(wildcards):
    """Digest of the settings and rows about a participant's recordings: an edited row remakes this participant only."""
    return rows_of(study_of(wildcards.study)).digest(wildcards.participant)


@cache
def no_decisions():
    """The empty table of decisions, as JSON."""
    nothing = pd.DataFrame(columns=list(load_schema("curation")["properties"]), dtype="str")
    return typed_table("curation", nothing, checked=True)[0].to_json(orient="table", index=False)


def curation_of(wildcards):
    """Decisions by people about a participant's sessions, as JSON; there are none about the virtual athletes."""
    if wildcards.study == VIRTUAL:
        return no_decisions()
    decisions = rows_of(study_of(wildcards.study)).curation.get(wildcards.participant)
    return no_decisions() if decisions is None else decisions.to_json(orient="table", index=False)


def swapped_sides_of(wildcards):
    """Trials of a participant whose sides people swapped, by session: only these decisions change the motion."""
    if curation_of(wildcards) == no_decisions():
        return {}
    rows = pd.read_json(StringIO(curation_of(wildcards)), orient="table")
    swapped = rows[rows["what"] == "swap_sides"]
    return {visit: sorted(of["trial_id"].unique()) for visit, of in swapped.groupby("session_id")}


def virtual_truth(wildcards):
    """True values of the trials of each virtual athlete who came to a session."""
    people = study_of(VIRTUAL).trials["participant_id"].unique()
    return [f"{VIRTUAL_FOLDER}/truth/trials/{person}.tsv" for person in people]
