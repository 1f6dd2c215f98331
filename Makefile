# make check is exactly what continuous integration runs, and staticcheck.
.PHONY: check lint race fuzz golden bench soak

check: lint
	.ci/run

lint:
	go tool -modfile=tools/go.mod staticcheck ./...

race:
	go test -race ./...

# Every fuzz test for a while: make fuzz FUZZTIME=5m
FUZZTIME ?= 20s
fuzz:
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		grep -ho 'func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go 2>/dev/null | cut -c6- | while read -r name; do \
			echo "== $$dir $$name"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) .) || exit 1; \
		done || exit 1; \
	done

# Rewrite the golden files; look at the difference before you commit it.
golden:
	grep -rl 'flag.Bool("update"' --include='*_test.go' . | xargs -n 1 dirname | sort -u | xargs -I '{}' go test '{}' -update
	WHITEWATER_UPDATE=1 go test ./cmd/whitewater
	git diff --stat

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Long campaigns: many seeds, long histories, real clusters for minutes.
soak:
	WHITEWATER_SOAK=1 go test -timeout 0 -count 1 ./...
