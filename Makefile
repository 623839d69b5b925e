VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 30s
OPA = github.com/open-policy-agent/opa@v1.22.0
GORELEASER = github.com/goreleaser/goreleaser/v2@v2.15.1
# docker, podman or buildah
DOCKER ?= docker
CONFTEST = github.com/open-policy-agent/conftest@v0.71.1
KUBE_SCORE = github.com/zegl/kube-score/cmd/kube-score@v1.20.0
KUBECONFORM = github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0

.DEFAULT_GOAL := build

.PHONY: build
build: ## Build bin/kubeknot
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/kubeknot ./cmd/kubeknot

.PHONY: test
test: ## Run the tests
	go test ./...

.PHONY: lint
lint: ## Check formatting, go vet and go.mod
	@unformatted=$$(gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	cd analyzer/apiserver/conformance && go mod tidy -diff
	cd analyzer/driver/peers && go vet .

.PHONY: bench
bench: ## Compare with other linters (builds them): make bench BENCH='-rounds 5'
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && go build -o "$$dir/kubeknot" ./cmd/kubeknot && \
	for tool in $(KUBE_SCORE) $(KUBECONFORM) $(CONFTEST); do GOBIN="$$dir" go install $$tool; done; \
	schemas=$$(go list -m -f '{{.Dir}}' k8s.io/kubernetes)/api/openapi-spec/swagger.json && page=$$PWD/docs/performance.md && \
	cd analyzer/driver/peers && go run . -bin "$$dir" -schemas "$$schemas" -page "$$page" $(BENCH)

.PHONY: bench-go
bench-go: ## Run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: generate
generate: ## Bring the generated files up to date
	go generate ./...

.PHONY: rule
rule: ## Write a new rule and its fixtures: make rule NAME=deployment-paused FAMILY=workloads
	go run ./rules/internal/newrule -name "$(NAME)" -family "$(FAMILY)"
	go generate ./rules ./cmd/kubeknot

.PHONY: corpus
corpus: ## Measure the rules on a labelled corpus: make corpus CORPUS=DIR
	KUBEKNOT_CORPUS="$(abspath $(CORPUS))" go test ./rules -run '^TestCorpus$$' -count=1 -v

.PHONY: precision
precision: ## Count right and wrong errors over a directory of repositories: make precision TREE=DIR [VERDICTS=FILE] [SAMPLE=3]
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && go build -o "$$dir/kubeknot" ./cmd/kubeknot && \
	go run ./analyzer/precision -kubeknot "$$dir/kubeknot" -tree "$(abspath $(TREE))" -verdicts "$(or $(VERDICTS),$(abspath $(TREE))/verdicts.jsonl)" -sample $(or $(SAMPLE),3) $(if $(PAGE),-page $(PAGE))

.PHONY: mutation
mutation: ## Break every reference of the fixtures and a corpus, and count what is found: make mutation CORPUS=DIR
	KUBEKNOT_MUTATION="$(abspath $(CORPUS))" go test ./rules -run '^TestMutations$$' -count=1 -timeout 1h -v

.PHONY: conformance
conformance: ## Compare the verdict with a real API server (builds one)
	cd analyzer/apiserver/conformance && go run .

.PHONY: opa
opa: ## Check, test and format the policies with the opa command
	go run $(OPA) check --strict policies
	go run $(OPA) test policies
	go run $(OPA) fmt --diff --fail policies
	go run $(OPA) check --strict --schema policies/input.schema.json policies

.PHONY: image
image: ## Build the image kubeknot: make image DOCKER=podman
	CGO_ENABLED=0 $(MAKE) build
	$(DOCKER) build -f .github/Dockerfile -t kubeknot .

.PHONY: snapshot
snapshot: ## Build what a release holds into dist/ (needs syft)
	go run $(GORELEASER) release --config .github/goreleaser.yaml --clean --snapshot

.PHONY: release
release: ## Publish a release of the tag that is checked out (needs syft)
	go run $(GORELEASER) release --config .github/goreleaser.yaml --clean

.PHONY: conftest
conftest: ## Compare the verdicts with those of conftest (builds it)
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && GOBIN="$$dir" go install $(CONFTEST) && \
	KUBEKNOT_CONFTEST="$$dir/conftest" go test ./policies -run '^TestSameVerdictsAsConftest$$' -count=1

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (30s) each
	@grep -rl --include=*_test.go '^func Fuzz' . | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$(dirname "$$file") $$target"; \
			go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; \
		done || exit 1; \
	done

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
