#!/usr/bin/env bash
# Measures Whitewater's load generator side by side with etcd's own benchmark: the same load on the same cluster, in
# turns, so that whatever else the machine does falls on both. Prints a table in Markdown. See docs/BENCH.md.
#
# ROUNDS (5), TOTAL (operations of a turn, 40000), CLIENTS (64), CONNS (for each member, 2) and NODES ("1 3") change the
# load; BENCHMARK names a benchmark that is already built.
set -euo pipefail

rounds=${ROUNDS:-5} total=${TOTAL:-40000} clients=${CLIENTS:-64} conns=${CONNS:-2} nodes=${NODES:-1 3}
version=v3.6.8 valsize=256
root=$(cd "$(dirname "$0")/.." && pwd)
temp=$(mktemp -d)
cluster=
finish() {
	if [ -n "$cluster" ]; then kill "$cluster" && wait "$cluster" || true; fi
	rm -rf "$temp"
}
trap finish EXIT

(cd "$root" && go build -o "$temp/whitewater" ./cmd/whitewater)
benchmark=${BENCHMARK:-$temp/benchmark}
if [ -z "${BENCHMARK:-}" ]; then
	mkdir "$temp/module"
	(cd "$temp/module" && go mod init benchmark && go get "go.etcd.io/etcd/v3/tools/benchmark@$version" &&
		go build -o "$benchmark" go.etcd.io/etcd/v3/tools/benchmark) >"$temp/build.log" 2>&1 || { cat "$temp/build.log" >&2; exit 1; }
fi

# timed FILE COMMAND... prints the user and system seconds of the command, whose output goes to FILE.
timed() {
	local out=$1 TIMEFORMAT='%U %S'
	shift
	{ time "$@" >"$out" 2>"$out.err"; } 2>&1
}

# number NAME FILE: the first number after the name.
number() { grep -m1 -F "$1" "$2" | grep -oE '[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?' | head -1; }

# turn KIND ENDPOINTS N ROW measures one turn of each, and appends "rate rate cpu cpu" to ROW.
turn() {
	local kind=$1 endpoints=$2 n=$3 theirs ours load
	case $kind in
	puts) load="put --val-size $valsize --key-size 8 --key-space-size 1000" ;;
	reads) load="range read0000 --consistency l" ;;
	serializable-reads) load="range read0000 --consistency s" ;;
	esac
	# shellcheck disable=SC2086
	theirs=$(timed "$temp/theirs" "$benchmark" --endpoints "$endpoints" --clients "$clients" --conns $((conns * n)) $load --total "$total")
	local space=1
	if [ "$kind" = puts ]; then space=1000; fi
	ours=$(timed "$temp/ours" "$temp/whitewater" bench "bench-$kind" --endpoints "$endpoints" --nodes "$n" --allow-writes \
		--rate 0 --warmup 0s --duration 10m --total "$total" --clients "$clients" --conns $((conns * n)) --key-size 8 \
		--val-size $valsize --key-space-size $space --checks revisions --no-claims --no-github --store "$temp/runs" -q -o json)
	echo "$(number Requests/sec: "$temp/theirs") $(number '"per_second"' "$temp/ours") $theirs $ours" |
		awk -v total="$total" '{ print $1, $2, ($3 + $4) / total * 1e6, ($5 + $6) / total * 1e6 }' >>"$4"
}

# row KIND N FILE prints the minimum, the median and the maximum of the ratios.
row() {
	awk -v kind="$1" -v n="$2" '
		function spread(values, count,   i, j, x) {
			for (i = 2; i <= count; i++)
				for (j = i; j > 1 && values[j - 1] > values[j]; j--) { x = values[j]; values[j] = values[j - 1]; values[j - 1] = x }
			return sprintf("%.2f / **%.2f** / %.2f", values[1], middle(values, count), values[count])
		}
		function middle(values, count) { return (values[int((count + 1) / 2)] + values[int(count / 2) + 1]) / 2 }
		{ theirs += $1; ours += $2; a[NR] = $2 / $1; theirCPU += $3; ourCPU += $4; b[NR] = $3 / $4 }
		END { printf "| %s | %d | %.0f | %.0f | %s | %.1f | %.1f | %s |\n", kind, n, theirs / NR, ours / NR, spread(a, NR),
			theirCPU / NR, ourCPU / NR, spread(b, NR) }' "$3"
}

echo "$rounds rounds of $total operations, $clients clients, $conns connections to each member, values of $valsize bytes; $(nproc) processors."
echo "A ratio above 1 is in Whitewater's favour: min / **median** / max of the rounds. CPU is that of the whole process."
echo
echo "| load | members | benchmark op/s | whitewater op/s | ratio | benchmark µs CPU/op | whitewater µs CPU/op | ratio |"
echo "|---|---|---|---|---|---|---|---|"
for n in $nodes; do
	"$temp/whitewater" cluster up --nodes "$n" --direct -o json --store "$temp/clusters" >"$temp/up" 2>"$temp/up.err" &
	cluster=$!
	until grep -q '^}' "$temp/up"; do
		kill -0 "$cluster" || { cat "$temp/up.err" >&2; exit 1; }
		sleep 0.2
	done
	endpoints=$(grep -oE '127\.0\.0\.1:[0-9]+' "$temp/up" | head -n "$n" | paste -sd,)
	value=$(head -c $valsize /dev/zero | tr '\0' x | base64 -w0)
	curl -sf "http://${endpoints%%,*}/v3/kv/put" -d "{\"key\":\"$(printf read0000 | base64)\",\"value\":\"$value\"}" >"$temp/put"
	for kind in puts reads serializable-reads; do
		rm -f "$temp/row"
		for _ in $(seq "$rounds"); do turn "$kind" "$endpoints" "$n" "$temp/row"; done
		row "$kind" "$n" "$temp/row"
	done
	kill "$cluster" && wait "$cluster" || true
	cluster=
done
