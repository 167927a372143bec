# What a newcomer types: `make demo`, then `make test`. A second run installs nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517
ONE    := OMP_NUM_THREADS=1

.PHONY: demo test nightly bench docs web readme faces sidebar architecture clean

demo: $(VENV)/.installed          ## the whole path on real images: train, generate, augment, verdict
	$(BIN)/gan-augment demo

test: $(VENV)/.installed-dev      ## every notebook, then the tests
	$(ONE) $(BIN)/nbdev_test --n_workers 2
	$(ONE) $(BIN)/python -m pytest -q -rs -n 2 --dist loadfile --no-loadscope-reorder -m "not nightly" tests

nightly: $(VENV)/.installed-dev .venv-mlflow/.installed ## what is longer: slow cells, kill tests, simulations, an installed wheel; half an hour
	for f in $$(grep -rl '#| slow' nbs --include='*.ipynb'); do $(ONE) $(BIN)/nbdev_test --flags slow --path $$f || exit 1; done
	$(ONE) $(BIN)/python -m pytest -q -rs -n 2 --dist loadfile --no-loadscope-reorder -m nightly tests

bench: $(VENV)/.installed .venv-keras/.installed .venv-gan/.installed .venv-diffusion/.installed ## speed, as ratios from one run; an idle machine, an hour
	for case in loader reading imports 'learner learner' 'learner deep' small_cnn 'transforms transforms' 'transforms randaugment' features predict web quantized keras_vgg 'gan learner' 'gan sampling' gan_peer 'diffusion learner' 'diffusion sampling' diffusion_peer 'metrics neighbours' 'metrics features' 'metrics everything' 'augment overhead' 'augment epoch' 'export classifiers' 'export dcgan' 'tracking classifier' 'tracking gan' durability; do \
	  set -- $$case; $(BIN)/python -W ignore benchmarks/$$1.py $$2 || missed="$$missed $$case"; \
	done; test -z "$$missed" || { echo "missed:$$missed"; exit 1; }

docs: $(VENV)/.installed-dev      ## the site, in _docs (needs quarto; `make test` checks the pages without it)
	@command -v quarto >/dev/null || { echo "make docs needs the program quarto: https://quarto.org/docs/get-started"; exit 1; }
	rm -rf _proc _docs
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/tools" nbdev_proc_nbs --n_workers 1
	cd _proc && quarto render --no-cache
	mv _proc/_docs _docs
	$(BIN)/python -W ignore tools/web.py _docs/web

web: $(VENV)/.installed           ## a page that classifies and generates in the browser, in _web (needs npm once)
	$(BIN)/python -W ignore tools/web.py _web

readme: $(VENV)/.installed-dev    ## README.md from nbs/index.ipynb
	$(BIN)/python tools/readme.py

faces: $(VENV)/.installed-dev     ## after a change of what an area hands out: its stub, and the list of public names
	$(BIN)/python tools/stubs.py --list

sidebar: $(VENV)/.installed-dev   ## after a page was added, renamed or moved: the site's sidebar
	$(BIN)/python tools/sidebar.py

architecture: $(VENV)/.installed-dev ## areas, rooms and arrows as the code has them; the picture on the home page
	$(BIN)/python tools/architecture.py
	$(BIN)/python tools/architecture.py --write

.venv-keras/.installed:
	$(PYTHON) -m venv .venv-keras
	.venv-keras/bin/pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.*
	touch $@

.venv-mlflow/.installed:          ## a whole MLflow, with its server; the package itself needs the client only
	$(PYTHON) -m venv .venv-mlflow
	.venv-mlflow/bin/pip install --quiet --disable-pip-version-check mlflow==3.17.*
	touch $@

.venv-gan/.installed:
	$(PYTHON) -m venv .venv-gan
	.venv-gan/bin/pip install --quiet --disable-pip-version-check torchgan==0.1.0 safetensors tensorboard
	touch $@

.venv-diffusion/.installed:
	$(PYTHON) -m venv .venv-diffusion
	.venv-diffusion/bin/pip install --quiet --disable-pip-version-check denoising-diffusion-pytorch==2.3.4
	touch $@

clean:
	rm -rf _proc _docs _web build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: settings.ini setup.py | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev: settings.ini setup.py | $(BIN)/python
	$(PIP) --editable '.[dev]'
	touch $(VENV)/.installed $@
