# What a newcomer types: `make demo`, then `make test`. A second run installs nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517

.PHONY: demo test bench docs readme clean

demo: $(VENV)/.installed          ## the whole path on real images: train, generate, augment, verdict
	$(BIN)/gan-augment demo

test: $(VENV)/.installed-dev      ## every notebook, then the end-to-end tests
	OMP_NUM_THREADS=1 $(BIN)/nbdev_test --n_workers 2
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 tests

bench: $(VENV)/.installed .venv-keras/.installed .venv-gan/.installed .venv-diffusion/.installed ## speed, as ratios from one run; an idle machine, an hour
	for case in loader 'learner learner' 'learner deep' transforms features predict keras_vgg 'gan learner' 'gan sampling' gan_peer 'diffusion learner' 'diffusion sampling' diffusion_peer 'metrics neighbours' 'metrics features' 'metrics everything' 'augment overhead' 'augment epoch'; do \
	  set -- $$case; $(BIN)/python -W ignore benchmarks/$$1.py $$2 || missed="$$missed $$case"; \
	done; test -z "$$missed" || { echo "missed:$$missed"; exit 1; }

docs: $(VENV)/.installed-dev      ## the site, in _docs (needs quarto)
	rm -rf _proc && PATH="$(CURDIR)/$(BIN):$$PATH" nbdev_docs

readme: $(VENV)/.installed-dev    ## README.md from nbs/index.ipynb
	$(BIN)/python tools/readme.py

.venv-keras/.installed:
	$(PYTHON) -m venv .venv-keras
	.venv-keras/bin/pip install --quiet --disable-pip-version-check tensorflow-cpu==2.21.*
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
	rm -rf _proc _docs build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: settings.ini setup.py | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev: settings.ini setup.py | $(BIN)/python
	$(PIP) --editable '.[dev]'
	touch $(VENV)/.installed $@
