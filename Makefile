SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A cold build compiles the AWS SDK for Pulumi, which takes about 10 minutes on
# two cores; with a warm build cache the whole of the tests takes less than 8.
TEST_TIMEOUT ?= 20m
PACKAGES ?= ./...
# What "make bench" measures beside the benchmarks of single packages.
BENCH_TENANTS ?= go test ./automation -run '^$$' -bench BenchmarkTenants -benchtime 1x -timeout 60m

progress := tools/progress.sh
with_pulumi := TENANTFORM_PULUMI="$$(tools/ensure.sh pulumi)"; export TENANTFORM_PULUMI;
with_temporal := TENANTFORM_TEMPORAL="$$(tools/ensure.sh temporal)"; export TENANTFORM_TEMPORAL;

.PHONY: help
help: ## show the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: tenantform ## run the whole main job on this machine, on the files in examples/quickstart
	@$(with_pulumi) bin/tenantform demo

.PHONY: dev
dev: tenantform ## run the whole control plane on this machine, with its API, worker and Temporal; Ctrl-C ends it
	@$(with_pulumi) $(with_temporal) exec bin/tenantform dev

.PHONY: build
build: tenantform policy-pack ## build bin/tenantform, the policy pack beside it, and bin/pulumi where no recent pulumi is on PATH
	@$(with_pulumi) echo "pulumi: $$TENANTFORM_PULUMI"

.PHONY: tenantform
tenantform:
	@$(progress) count "building bin/tenantform (about 10 minutes on two cores the first time)" go build -v -o bin/tenantform ./cmd/tenantform

.PHONY: policy-pack
policy-pack:
	@$(progress) count "building bin/pulumi-analyzer-policy-tenantform" go build -v -o bin/pulumi-analyzer-policy-tenantform ./cmd/pulumi-analyzer-policy-tenantform

.PHONY: test
test: ## run every test; those on the real AWS provider where its pieces are on the machine
	@$(with_pulumi) $(with_temporal) echo "pulumi: $$TENANTFORM_PULUMI, temporal: $$TENANTFORM_TEMPORAL"; \
	$(progress) count "compiling (about 10 minutes on two cores the first time)" go build -v $(PACKAGES); \
	$(progress) beat "go vet" go vet $(PACKAGES); \
	$(progress) beat "go test" go test -timeout $(TEST_TIMEOUT) $(PACKAGES)
	@if [ "$(PACKAGES)" = ./... ]; then tools/conformance.sh test; fi

.PHONY: test-unit
test-unit: ## run the tests that need no pulumi and are done in seconds
	@$(progress) beat "go test" go test -short -timeout 5m ./tenants/... ./internal/funcarchive ./internal/arch ./examples ./automation/plan ./policies/...

.PHONY: conformance
conformance: ## take every component and stack through its life on the real AWS provider, against an emulator of AWS; needs both, and writes docs/conformance.md
	@tools/conformance.sh make

.PHONY: crash-control
crash-control: ## kill every process of the control plane in every step of a tenant's life, and write docs/control-plane-crashes.md
	@$(with_pulumi) $(with_temporal) TENANTFORM_CRASH=all TENANTFORM_CRASH_REPORT="$$PWD/docs/control-plane-crashes.md" \
	$(progress) beat "kills" go test ./test/controlplane -run '^TestCrashes$$' -count 1 -v -timeout 90m

.PHONY: lint
lint: ## check formatting, go vet, golangci-lint, and that workflows are deterministic
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then printf 'gofmt would change these files; run gofmt -w on them:\n%s\n' "$$unformatted" >&2; exit 1; fi
	@$(progress) beat "go vet" go vet ./...
	@check=$$(tools/ensure.sh workflowcheck); $(progress) beat "workflowcheck" "$$check" ./internal/workflows
	@linter=$$(tools/ensure.sh golangci-lint); $(progress) beat "golangci-lint" "$$linter" run ./...; \
	for dir in test/awsprovider test/conformance; do (cd $$dir && ../../$(progress) beat "golangci-lint of $$dir" "$$linter" run ./...); done

.PHONY: bench
bench: ## measure single packages, then tenants a minute, CPU seconds and memory
	@$(progress) beat "benchmarks" go test -run '^$$' -bench . -benchtime 0.5s -timeout 30m $$(go list ./... | grep -v '/automation$$')
	@$(with_pulumi) $(progress) beat "tenants" $(BENCH_TENANTS)

.PHONY: bench-control
bench-control: ## measure the control plane with 10,000 tenants in SQLite and PostgreSQL, and write docs/control-plane-speed.md
	@$(with_pulumi) $(with_temporal) TENANTFORM_CONTROL_SPEED="$$PWD/docs/control-plane-speed.md" \
	$(progress) beat "the control plane" go test ./test/controlplane -run '^TestSpeed$$' -count 1 -v -timeout 60m

.PHONY: bench-policy
bench-policy: tenantform ## measure decisions and cold checks on 20, 200 and 2,000 resources, beside conftest with the same rules
	@conftest=$$(tools/ensure.sh conftest); \
	TENANTFORM_BENCH_CONFTEST="$$conftest" TENANTFORM_BENCH_CLI="$$PWD/bin/tenantform" \
	go test ./policies -run '^$$' -bench '^BenchmarkConftest$$' -benchtime 1x -timeout 60m

.PHONY: generate
generate: ## make the generated files again
	go generate ./...

.PHONY: check-generate
check-generate: ## fail when a generated file is not up to date
	@tools/check-generate.sh

.PHONY: tidy-check
tidy-check: ## fail when a go.mod or go.sum is not tidy, or a module is not what go.sum says
	go mod verify
	@for dir in . test/awsprovider test/conformance; do echo "go mod tidy -diff in $$dir"; (cd $$dir && go mod tidy -diff) || exit 1; done

.PHONY: clean
clean: ## remove what was built; state in .tenantform and the slow-to-build tools stay
	rm -f bin/tenantform bin/pulumi-analyzer-policy-tenantform bin/.*.*

.PHONY: clean-all
clean-all: clean ## remove the built tools too; the next make builds them again, which takes minutes
	rm -rf bin

bin/pulumi: ; @tools/ensure.sh pulumi
