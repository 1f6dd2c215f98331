# make check is exactly what continuous integration runs, and staticcheck.
.PHONY: check lint race fuzz golden bench bench-checker soak

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

# The tables of docs/CHECKING.md, "Measured": CPU time, and peak heap above the history. With a million operations it takes
# ten minutes and 8 GiB.
OPS ?= 1000000
bench-checker:
	{ WHITEWATER_BENCH_OPS=$(OPS) go test -run '^$$' -bench 'Checkers|Others|Judge' -benchtime 1x -timeout 0 ./checker; \
	go test -run '^$$' -bench Check -benchtime 1x -timeout 0 ./checker/txn; } | tee /dev/stderr | awk -f checker/testdata/rows.awk

# Long campaigns: many seeds, long histories, real clusters for minutes.
soak:
	WHITEWATER_SOAK=1 go test -timeout 0 -count 1 ./...
