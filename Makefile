# make study   run the workflow on the studies of workflow/config.yaml
# make first   only the first tables and the first figure of the first study, in a minute or two
# make report  the figures and notebooks of a finished make study, with the rule behind each, as results/report.zip
# make cohort  400 simulated athletes as a study of tables: their ledger, compared with the truth (a few minutes;
#              workflow/validation/cohort_ledger.csv)
# make reproduce  make study, then which numbers differ from those kept in workflow/reference, by how much, and what
#              differs behind them: raw file, source, option or environment
# make paper   the paper as PDF and as a page that opens offline, every number from results, in results/paper
# make docs    the documentation as pages that open offline, in docs/_build/html; a broken link ends it
# make test    style, types, import contracts, documentation and tests
# make check   the same without the tests
# make lab     JupyterLab at the checkout: notebooks, results and study folders are seen
# make bench   side by side with the libraries a user would otherwise pick
# make errors  errors of jump height and leg alignment against known truth (minutes; benchmarks/*_errors.csv), and of all
#              metrics against the second simulator (an hour; workflow/validation/metric_errors.csv)
# make verdicts  probability of each verdict under each truth, from two generators of cohorts (eight hours;
#              workflow/validation/verdicts.csv)
# make fuzz    300 mutants of a recording per reader and 300 faulty study folders (a minute; benchmarks/damaged_files.csv)
# make scale   studies of 24, 240 and 2,400 participants: time, memory, disk and jobs (benchmarks/scale.csv; an hour)
# python -m benchmarks.slurm   240 athletes locally, through Slurm on two nodes, and with a node killed (as root, with the
#              Debian packages slurm-wlm and munge; benchmarks/slurm.csv; an hour)
# make dictionary  write docs/metrics.md and docs/vendor-metrics.md anew from the registry of metrics
# make lock    resolve the dependencies of pyproject.toml anew
# make clean   remove what the workflow and the tools made (never data/)
#
# An activated environment (venv or conda) that holds legsci's packages is used as it is.
# Otherwise .venv is made from requirements.lock, with uv if there is one, else with venv and pip.

ACTIVE := $(or $(VIRTUAL_ENV),$(CONDA_PREFIX))
ifneq ($(ACTIVE),)
ifneq ($(shell "$(ACTIVE)/bin/python" -c "import ezc3d, numba, pytest, snakemake, xarray; print('ready')" 2>/dev/null),ready)
override ACTIVE :=
endif
endif

ifeq ($(ACTIVE),)
BIN := $(CURDIR)/.venv/bin
READY := .venv/.installed
else
BIN := $(ACTIVE)/bin
READY :=
endif

# An activated environment need not have legsci installed: the checkout itself is the package.
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
# The tools that a rule starts (jupyter) are those of the same environment.
export PATH := $(BIN):$(PATH)

# snakemake keeps a cache in the home folder; where that cannot be written, in the checkout.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
ifneq ($(shell mkdir -p "$(CACHE)/snakemake" 2>/dev/null && test -w "$(CACHE)/snakemake" && echo writable),writable)
$(info $(CACHE) cannot be written: snakemake keeps its cache in .snakemake/cache instead.)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif

.PHONY: study first cohort reproduce paper docs report test check lab bench errors verdicts fuzz scale dictionary lock clean
.DEFAULT_GOAL := study

study: $(READY)
	snakemake

first: $(READY)
	snakemake first

cohort: $(READY)
	snakemake simulate_cohort_tables
	snakemake cohort_ledger results/cohort/figures/claims_ledger.svg --config study=data/raw/cohort

reproduce: study
	python -m legsci reproduce results/open results/virtual

paper: $(READY)
	snakemake results/paper/paper.pdf

docs: $(READY)
	python -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build/html

report: $(READY)
	snakemake --report results/report.zip

test: check docs
	python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(READY)
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	mypy
	lint-imports --no-logo

lab: $(READY)
	jupyter lab --ServerApp.root_dir "$(CURDIR)" notebooks/00_first_questions.ipynb

fuzz: $(READY)
	python -m benchmarks.damaged_files

errors: $(READY)
	python -m benchmarks.force_errors
	python -m benchmarks.alignment_errors
	python -m benchmarks.clock_errors
	python -m benchmarks.independent_errors
	python -m benchmarks.cutoffs
	python -m benchmarks.onset_errors
	python -m benchmarks.recorded_angles

verdicts: $(READY)
	python -m benchmarks.verdicts

scale: $(READY)
	python -m benchmarks.scale

dictionary: $(READY)
	python -m legsci.present.report.metrics_page docs/metrics.md
	python -m legsci.present.report.vendor_page docs/vendor-metrics.md

bench: .venv-bench/.installed
	.venv-bench/bin/python -m benchmarks

# packages(environment, lock): each file that is installed is checked against its hash in the lock.
define packages
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --python ">=3.11" $(1) && \
	  uv pip install --quiet --compile-bytecode --python $(1) --require-hashes -r $(2); \
	else \
	  python3 -c "import sys; sys.exit(sys.version_info < (3, 11) and 'legsci needs Python 3.11 or newer')" && \
	  python3 -m venv $(1) && \
	  $(1)/bin/python -m pip install --quiet --require-hashes -r $(2); \
	fi
endef

# legsci itself is a second step: a folder has no hash. The lock brings pip and setuptools, so nothing more is fetched.
.venv/.installed: requirements.lock
	$(call packages,.venv,requirements.lock)
	@.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv-bench/.installed: requirements-bench.lock
	$(call packages,.venv-bench,requirements-bench.lock)
	@touch $@

COMPILE = uv pip compile --quiet --universal --no-header --no-annotate --generate-hashes --python-version 3.11
lock:
	$(COMPILE) --extra dev --extra oracles --extra slurm pyproject.toml -o requirements.lock
	$(COMPILE) --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock

clean:
	find results -mindepth 1 ! -name .gitkeep -delete
	rm -rf .snakemake .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find legsci tests workflow benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
