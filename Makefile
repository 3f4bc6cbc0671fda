# kvmscope. Each target installs what it lacks (through apt, when it may), or says what to install.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo test lint unit lab bench contract man dist clean
.NOTPARALLEL:

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

ARCH ?= x64
PUBLISH := dotnet publish -c Release --nologo -v quiet -r linux-$(ARCH)

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

build: ## out/kvmscope: the self-contained binary
	@eng/install build
	@mkdir -p out
	$(PUBLISH) src/Kvmscope -o out/publish/kvmscope
	@install -m 755 out/publish/kvmscope/kvmscope out/kvmscope
	@ls -l out/kvmscope | awk '{printf "out/kvmscope: %.1f MB\n", $$5 / 1e6}'

demo: build ## known exits, traced and compared; in the lab where this host cannot show them
	@eng/demo

test: ## all that CI runs: lint, build, unit tests, and real exits in the lab
	@eng/test

lint: ## format of C#, BPF C and shell; the contract against the BPF object
	@eng/install lint
	@eng/lint

unit: ## the tests that need no guest
	@eng/install build
	dotnet test kvmscope.slnx --nologo -v quiet

lab: ## the lab's kernels, fetched; then: eng/lab/lab --help
	@eng/install build
	@eng/lab/lab install
	@eng/lab/lab fetch
	@eng/lab/lab kernels

bench: build out/lab-suite ## what it costs, beside its peers
	@bench/all

out/lab-suite: FORCE
	@eng/install build
	@mkdir -p out
	$(PUBLISH) tests/Lab.Tests -o out/publish/lab-suite
	@install -m 755 out/publish/lab-suite/lab-suite out/lab-suite

contract: ## the C# mirror of bpf/contract.h, written anew
	@eng/install build
	dotnet build src/Kvmscope.Host --nologo -v quiet -t:CompileBpf
	dotnet run --project eng/ContractGen -- src/Kvmscope.Host/obj/bpf/kvmscope.bpf.o src/Kvmscope.Host/Contract/Contract.g.cs

man: build ## out/kvmscope.8: the man page
	@out/kvmscope man > out/kvmscope.8
	@echo out/kvmscope.8

dist: build man ## out/kvmscope-VERSION-linux-ARCH.tar.gz
	@eng/dist $(ARCH)

clean: ## remove what was built
	rm -rf out src/*/{bin,obj} tests/*/{bin,obj} eng/*/{bin,obj} bench/*/{bin,obj}

FORCE:
