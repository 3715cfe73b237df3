# The two commands of the README, and short names for the rest. CMake builds; this only says what to run.
#   make demo    install what is missing, build, run the main job
#   make test    install what is missing, build, run every test
.DEFAULT_GOAL := help
.PHONY: help demo test build bench format clean setup install

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/ /' | awk '{n = $$1; $$1 = ""; printf "  make %-9s%s\n", n, $$0}'

setup:           ## install the Debian packages that are missing
	@tools/setup

build: setup     ## the release build, in build/release
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)

test: build      ## every test
	ctest --test-dir build/release --output-on-failure --no-tests=error --parallel $(JOBS)

demo: build      ## the main job: a model travels, is trained at every stop, and its history is checked
	tools/demo

bench: setup     ## the benches there are; run one with: tools/bench NAME
	@tools/bench

format: setup    ## clang-format every C++ file
	git ls-files -z '*.cpp' '*.hpp' '*.h' | xargs -0 -r clang-format-14 -i

install: build   ## to $(PREFIX): aipacketd and aipctl
	cmake --install build/release --prefix $(PREFIX)

clean:           ## remove every build
	rm -rf build
