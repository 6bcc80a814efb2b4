"""Batches of participants, and what the jobs of a batch need of the tables of its study."""


class Rows:
    """What the rules of a batch need of the tables of a study, found in one pass over each table."""

    #: Tables about the recordings of a participant.
    NAMES = ("participants", "sessions", "trials", "recordings")

    def __init__(self, study):
        self.study = study
        visits = study.trials[["participant_id", "session_id"]].drop_duplicates()
        #: (participant, session) of each session that has trials.
        self.sessions = list(visits.itertuples(index=False, name=None))
        self.settings = json.dumps(study.settings, sort_keys=True)
        self.digests = [row_digests(self.of_visits(name), "participant_id") for name in self.NAMES]
        paths = study.recordings.dropna(subset=["path"]).groupby("participant_id", sort=False)["path"]
        self.paths = paths.unique().to_dict()
        decisions = self.of_visits("curation")
        self.trials = study.trials["participant_id"].value_counts().to_dict()
        self.curation = dict(list(decisions.groupby("participant_id", sort=False)))

    def of_visits(self, name):
        """Rows of a table about participants and about sessions that have trials."""
        rows = getattr(self.study, name)
        if "session_id" not in rows:
            return rows
        keys = pd.MultiIndex.from_frame(rows[["participant_id", "session_id"]])
        return rows[keys.isin(self.sessions)] if self.sessions else rows.iloc[:0]

    def digest(self, people):
        """Digest of the settings and rows about the recordings of participants."""
        return content_digest(self.settings, *(of.get(person, "") for person in people for of in self.digests))


@cache
def rows_in(name, folder, written_ns, participants=None):
    """The rows of a study; in a job those of some participants, read again."""
    return Rows(study_of(name) if participants is None else read_study(folder, checked=True, participants=participants))


def rows_of(wildcards):
    """The rows of the study of a job; in a process of its own those of its batch alone."""
    alone = None if workflow.is_main_process else tuple(members(wildcards))
    return rows_in(wildcards.study, *folder_of(wildcards.study), alone)


def session_keys(name):
    """(participant, session) of each session of a study that has trials."""
    return rows_in(name, *folder_of(name)).sessions


@cache
def people_of(folder, written_ns):
    """Participants of a study who have trials, in the order of the table."""
    return recorded_participants(folder)


def participants_of(wildcards):
    """Participants of a study who have trials, in the order of the study."""
    return people_of(*folder_of(wildcards.study))


@cache
def batches_in(folder, written_ns):
    """Batches of the participants of a study: the rules from recordings to reps have a job for each."""
    number = config["batches"]
    return batches(people_of(folder, written_ns), None if number == "auto" else number)


def batches_of(study):
    """Batches of the participants of a study by name."""
    return batches_in(*folder_of(study))


def members(wildcards):
    """Participants of a batch."""
    return batches_of(wildcards.study)[wildcards.batch]


#: Memory of a job [MB] and its time [min] without the trials, and trials that it does in a minute: of the virtual
#: athletes (six sessions of eleven trials with markers each) the benchmarks record 480 MB and 1000 trials a minute.
JOB_MB, JOB_MIN, TRIALS_PER_MIN = 1000, 10, 200


def memory_mb(wildcards, attempt):
    """Memory of a job that holds one session at a time [MB]; more where a job failed for want of it."""
    return JOB_MB * attempt


def batch_runtime(wildcards, attempt):
    """Time of a job that goes through the trials of a batch [min]."""
    rows = rows_of(wildcards)
    return attempt * (JOB_MIN + sum(rows.trials.get(person, 0) for person in members(wildcards)) // TRIALS_PER_MIN)


def part_runtime(wildcards, attempt):
    """Time of a job that goes through the trials of a part [min]."""
    trials = rows_in(wildcards.study, *folder_of(wildcards.study)).trials
    return attempt * (JOB_MIN + sum(trials.get(person, 0) for person in part_members(wildcards)) // TRIALS_PER_MIN)


def of_participant(pattern):
    """Input function: the file of the batch of a participant, named by a pattern with {study}, {batch}."""

    @gives(pattern)
    def file(wildcards):
        found = [batch for batch, people in batches_of(wildcards.study).items() if wildcards.participant in people]
        return [pattern.format(study=wildcards.study, batch=batch) for batch in found]

    return file


def per_batch(pattern):
    """Input function: the files of all batches of a study, named by a pattern with {study}, {batch}."""

    @gives(pattern)
    def files(wildcards):
        return [pattern.format(study=wildcards.study, batch=batch) for batch in batches_of(wildcards.study)]

    return files


@gives(f"results/{{study}}/fetched.txt or {VIRTUAL_FOLDER}/{{participant}}, where a rule makes them")
def recording_files(wildcards):
    """What rules of this run make of the recordings of a batch: folders of virtual athletes, the list of those fetched."""
    if wildcards.study == VIRTUAL:
        return [f"{VIRTUAL_FOLDER}/{person}" for person in members(wildcards)]
    return [f"results/{wildcards.study}/fetched.txt"] if "source" in rows_of(wildcards).study.settings else []


def made_ns(study, person):
    """When a rule finished the recordings of a participant [ns]: 0 where no rule makes them, infinite before it has."""
    if study.name == VIRTUAL:
        mark = Path(VIRTUAL_FOLDER, person, ".snakemake_timestamp")
    elif "source" in study.settings:
        mark = Path("results", study.name, "fetched.txt")
    else:
        return 0
    return mark.stat().st_mtime_ns if mark.exists() else float("inf")


def batch_digest(wildcards):
    """Digest of the settings and rows about the recordings of a batch, and of size and time of the recordings.

    A row or recording that is edited remakes this batch only. The recordings are not files of the rule: snakemake takes
    10 kB and a millisecond for each, and there may be a hundred thousand. Of those that a rule makes only the ones count
    that were edited since: the digest is the same before they are made and after.
    """
    rows, people = rows_of(wildcards), members(wildcards)
    states = []
    for person in people:
        since_ns = made_ns(rows.study, person)
        for path in rows.paths.get(person, []) if since_ns < float("inf") else []:
            found = Path(rows.study.folder, path).stat()
            if found.st_mtime_ns > since_ns:
                states.append(f"{found.st_size} {found.st_mtime_ns}")
    return content_digest(rows.digest(people), *states)


@cache
def no_decisions():
    """The empty table of decisions, as JSON."""
    nothing = pd.DataFrame(columns=list(load_schema("curation")["properties"]), dtype="str")
    return typed_table("curation", nothing, checked=True)[0].to_json(orient="table", index=False)


def curation_of(wildcards):
    """Decisions by people about the sessions of a batch, as JSON; there are none about the virtual athletes."""
    if wildcards.study == VIRTUAL:
        return no_decisions()
    decided = rows_of(wildcards).curation
    found = [decided[person] for person in members(wildcards) if person in decided]
    return pd.concat(found).to_json(orient="table", index=False) if found else no_decisions()


def swapped_sides_of(wildcards):
    """Trials of a batch whose sides people swapped, by participant/session: only these decisions change the motion."""
    if curation_of(wildcards) == no_decisions():
        return {}
    rows = pd.read_json(StringIO(curation_of(wildcards)), orient="table")
    swapped = rows[rows["what"] == "swap_sides"].groupby(["participant_id", "session_id"])
    return {"/".join(session): sorted(of["trial_id"].unique()) for session, of in swapped}
