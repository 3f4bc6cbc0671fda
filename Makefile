# kvmscope. Each target installs what it needs with apt if it is permitted to, or says what to install.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build demo demo-web test lint unit lab bench contract check-exit-tables dist verify-dist lock clean sysroot
.NOTPARALLEL:

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

HOST := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
ARCH ?= $(HOST)
# Builds for another architecture have a folder of their own, and are linked against a sysroot.
OUT := out$(if $(filter-out $(HOST),$(ARCH)),/$(ARCH))
ifeq ($(ARCH),riscv64)
$(error .NET has no native compiler for riscv64, so there is no binary: see docs/riscv64.md. Its BPF program is tested in the lab: make out/riscv64/lab-suite)
endif
CROSS := $(if $(filter-out $(HOST),$(ARCH)),-p:SysRoot=$(CURDIR)/out/sysroot-$(ARCH) -p:LinkerFlavor=lld -p:CppCompilerAndLinker=clang -p:ObjCopyName=llvm-objcopy)
PUBLISH := dotnet publish -c Release --nologo -v quiet -r linux-$(ARCH) $(CROSS) $(addprefix -p:Lock=,$(LOCK)) $(addprefix -p:Libraries=,$(LIBRARIES))

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' Makefile

build: sysroot ## build out/kvmscope, the self-contained binary; with ARCH=arm64: out/arm64/kvmscope
	$(PUBLISH) src/Kvmscope -o $(OUT)/publish/kvmscope
	@install -m 755 $(OUT)/publish/kvmscope/kvmscope $(OUT)/kvmscope
	@ls -l $(OUT)/kvmscope | awk '{printf "$(OUT)/kvmscope: %.1f MB\n", $$5 / 1e6}'

sysroot:
	@eng/install build $(if $(CROSS),cross)
	@mkdir -p $(OUT)
	@$(if $(CROSS),eng/sysroot out/sysroot-$(ARCH))

demo: build ## trace known exits and compare the counts; in the lab if this host cannot show them
	@eng/demo $(ARCH)

demo-web: build ## show the page of 'serve' in the browser: a recorded guest boots and runs a guest of its own
	@eng/demo-web

test: ## everything that CI runs: lint, build, unit tests, and real exits in the lab
	@eng/test

lint: ## check the format of C#, BPF C and shell, and the contract against the BPF object
	@eng/install lint
	@eng/lint

unit: ## run the tests that do not need a guest
	@eng/install build test
	dotnet test kvmscope.slnx --nologo -v quiet --logger "console;verbosity=minimal"

lab: ## fetch the lab's kernels and Bochs for the Intel lab; then see eng/lab/lab --help
	@eng/install build
	@eng/lab/lab install
	@eng/lab/lab fetch
	@eng/lab/lab kernels

bench: build out/lab-suite ## measure the cost, compared with other tools
	@$(MAKE) --no-print-directory build out/lab-suite ARCH=arm64
	@bench/all

out/lab-suite: FORCE sysroot
	$(PUBLISH) tests/Lab.Tests -o $(OUT)/publish/lab-suite
	@install -m 755 $(OUT)/publish/lab-suite/lab-suite $(OUT)/lab-suite

out/riscv64/lab-suite: FORCE
	@eng/install build riscv64
	@dotnet build src/Kvmscope.Host --nologo -v quiet -t:CompileBpf
	@tests/Riscv64.Tests/build out/riscv64

contract: ## generate the C# types of bpf/contract.h
	@eng/install build
	dotnet build src/Kvmscope.Host --nologo -v quiet -t:CompileBpf
	dotnet run --project eng/ContractGen -- src/Kvmscope.Host/obj/bpf/kvmscope.x86.bpf.o src/Kvmscope.Host/Contract/Contract.g.cs

check-exit-tables: ## compare the tables of exit reasons with the headers of Debian's newest kernel (needs the network)
	@eng/check-exit-tables

dist: ## build the packages of both architectures: out/dist
	@eng/install build cross dist
	@$(MAKE) --no-print-directory build ARCH=x64 LOCK=check
	@$(MAKE) --no-print-directory build ARCH=arm64 LOCK=check
	@packaging/dist x64 arm64

verify-dist: dist ## build the packages again in another folder and compare: the same commit gives the same bytes
	@packaging/verify

lock: sysroot ## write the lock files of NuGet, after a package or the SDK has changed
	@$(MAKE) --no-print-directory build ARCH=x64 LOCK=write
	@$(MAKE) --no-print-directory build ARCH=arm64 LOCK=write

clean: ## remove what was built
	rm -rf out src/*/{bin,obj} tests/*/{bin,obj} eng/*/{bin,obj} bench/*/{bin,obj}

FORCE:
