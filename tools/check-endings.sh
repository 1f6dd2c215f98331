#!/usr/bin/env bash
# Ends whitewater in every way that it can end, and compares the machine before and after: processes, mounts, network
# namespaces, sockets and temporary folders. Needs Linux and nothing but coreutils; root for the cases that need it.
#
#   tools/check-endings.sh PROGRAM [CASE...]
#
# It prints a line for each ending: the exit code, what was allowed, and whether anything is left. It fails if any differs.
set -uo pipefail

program=${1:?usage: tools/check-endings.sh PROGRAM [CASE...]}
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/endings.XXXXXX")
mkdir "$work/tmp"
export TMPDIR=$work/tmp
cp "$program" "$work/whitewater" # a name of its own: its processes are those that run this very file
ww=$work/whitewater
wrong=0
set -m # a process group for each run, as in a terminal

members() { # every process that runs our copy
	local exe
	for exe in /proc/[0-9]*/exe; do
		[ "$(readlink "$exe" 2>/dev/null)" = "$ww" ] && basename "$(dirname "$exe")"
	done
}

# machine prints what must be the same before and after.
machine() {
	local pid inode
	echo "-- processes"
	for pid in $(members); do tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-100; echo; done
	echo "-- mounts"
	grep -F "$work" /proc/mounts
	grep -c . /proc/mounts
	echo "-- network namespaces"
	ls /run/netns 2>/dev/null
	echo "-- sockets"
	grep -F "$work" /proc/net/unix
	for pid in $(members); do ls -l "/proc/$pid/fd" 2>/dev/null | grep socket; done
	find "$work" -type s
	echo "-- temporary files"
	ls -A "$TMPDIR"
	echo "-- children of ours"
	pgrep -P $$ -f "$ww"
}

# awaits FILE [TEXT] waits until the file holds the text, or something.
awaits() {
	local i
	for ((i = 0; i < 1200; i++)); do
		if [ -s "$1" ] && { [ -z "${2:-}" ] || grep -qE "$2" "$1" 2>/dev/null; }; then return 0; fi
		sleep 0.1
	done
	echo "    waited in vain for ${2:-anything} in $1"
	return 1
}

# ending NAME "CODE…" [TEXT] checks the last exit code, what was printed, and the machine.
ending() {
	local name=$1 codes=$2 text=${3:-.} code=$4 after verdict=as\ expected
	after=$(machine)
	[[ " $codes " == *" $code "* ]] || verdict="WRONG CODE"
	grep -qE -- "$text" "$work/out" || verdict="NOT SAID: $text"
	grep -qE '^(panic:|goroutine [0-9]+ \[|fatal error:)' "$work/out" && verdict="PANIC"
	if [ "$before" != "$after" ]; then
		verdict="SOMETHING IS LEFT"
		diff <(echo "$before") <(echo "$after") | sed 's/^/    /'
	fi
	printf '%-44s exit %-4s (allowed: %s)  %s\n' "$name" "$code" "$codes" "$verdict"
	if [ "$verdict" != "as expected" ]; then
		wrong=$((wrong + 1))
		tail -n 15 "$work/out" | sed 's/^/    | /'
	fi
}

# does NAME CODES TEXT COMMAND… runs a command to its end.
does() {
	local name=$1 codes=$2 text=$3
	shift 3
	timeout 300 "$@" >"$work/out" 2>&1 </dev/null
	ending "$name" "$codes" "$text" $?
}

# starts ARGS… begins a run in the background, in a fresh store.
starts() {
	store=$work/runs
	rm -rf "$store"
	"$ww" run "$@" --store "$store" --progress plain >"$work/out" 2>&1 </dev/null &
	run=$!
}

ends() { # NAME CODES TEXT
	wait "$run" 2>/dev/null
	ending "$1" "$2" "$3" $?
}

load=(calm --nodes 3 --rate 100 --clients 6 --warmup 0s)
long=("${load[@]}" --duration 20m)

case_normal() {
	starts "${load[@]}" --duration 2s
	ends "normal end" "0 4" '^(PASS|UNKNOWN)'
}

case_int_load() {
	starts "${long[@]}"
	awaits "$work/runs/current/history.jsonl.zst"
	kill -INT -- "-$run"
	ends "Ctrl-C in the middle of the load" 130 'report '
}

case_int_paused() {
	starts "${long[@]}" --fault pause:n2@1s+10m --nemesis none
	awaits "$work/out" 'fault pause'
	kill -INT -- "-$run"
	ends "Ctrl-C while a member is paused" 130 'report '
}

case_int_launch() {
	starts "${long[@]}"
	awaits "$work/runs/current/scenario.yaml"
	kill -INT -- "-$run"
	ends "Ctrl-C during launch" 130 'interrupted'
}

case_int_checking() {
	starts "${load[@]}" --duration 2s
	awaits "$work/out" 'checking'
	kill -INT -- "-$run"
	ends "Ctrl-C during checking" "130 0" '^(PASS|UNKNOWN|INTERRUPTED)'
}

case_int_twice() {
	starts "${long[@]}" --fault pause:n2@1s+10m --nemesis none
	awaits "$work/out" 'fault pause'
	kill -INT -- "-$run"
	awaits "$work/out" interrupted
	kill -INT -- "-$run"
	ends "Ctrl-C twice, a member paused" 130 'interrupted'
}

case_term() {
	starts "${long[@]}"
	awaits "$work/runs/current/history.jsonl.zst"
	kill -TERM "$run"
	ends "SIGTERM in the middle of the load" 143 'report '
}

case_kill() {
	starts "${long[@]}" --fault pause:n2@1s+10m --nemesis none
	awaits "$work/out" 'fault pause'
	kill -KILL "$run"
	wait "$run" 2>/dev/null
	"$ww" cleanup --store "$work/runs" >"$work/out" 2>&1
	ending "kill -9, a member paused; then cleanup" 0 'ended process|removed socket|nothing was left' $?
	does "  check of what it had recorded" "4" 'linearizable' "$ww" check latest --store "$work/runs"
}

case_member() {
	starts "${long[@]}" --duration 6s
	awaits "$work/out" 't=1s'
	local pid
	for pid in $(members); do
		[ "$pid" != "$run" ] && break
	done
	kill -KILL "$pid"
	ends "a member killed by somebody else" 1 'n[123] ended unasked'
	grep -iE 'ended unasked' "$work/out" | head -n 3 | sed 's/^/    | /'
}

case_binary() {
	local b
	for b in /does/not/exist /bin/true /etc/passwd /; do
		does "--binary $b" 5 "$b" "$ww" run calm --binary "$b" --duration 1s -q --store "$work/runs"
	done
}

case_port() {
	does "metrics address: a port that is taken" 5 'address already in use|in use' bash -c '
		"$0" serve --addr 127.0.0.1:0 --store "$1" >"$2" 2>&1 &
		serve=$!
		for _ in $(seq 300); do address=$(grep -oE "127\.0\.0\.1:[0-9]+" "$2" | head -n 1); [ -n "$address" ] && break; sleep 0.1; done
		"$0" run calm --target memkv --duration 1s -q --metrics-addr "$address" --store "$1"
		code=$?
		kill -INT $serve; wait $serve
		exit $code' "$ww" "$work/runs" "$work/serve"
}

case_store() {
	if [ "$(id -u)" != 0 ]; then
		does "a store that cannot be written" 5 'permission denied' "$ww" run calm --duration 1s -q --store /proc/1/runs
		return
	fi
	mkdir "$work/closed"
	chmod 755 "$work" "$work/closed"
	does "a store that cannot be written" 5 'permission denied' setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$ww" run calm --duration 1s -q --store "$work/closed/runs"
	does "a store that is a file" 5 'not a directory' "$ww" run calm --duration 1s -q --store "$work/out2/runs"
}

case_disk() {
	if [ "$(id -u)" != 0 ]; then
		echo "a full disk: left out, it needs root"
		return
	fi
	local small=$work/small size
	mkdir -p "$small"
	for size in 16k 1m 24m 230m; do
		mount -t tmpfs -o "size=$size" tmpfs "$small" || return
		timeout 300 "$ww" run calm --nodes 3 --rate 300 --val-size 64KB --warmup 0s --duration 20s -q --store "$small/runs" >"$work/out" 2>&1
		local code=$?
		umount "$small"
		ending "a disk of $size, full" 5 'no space left|disk' "$code"
	done
}

cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(normal int_load int_paused int_launch int_checking int_twice term kill member binary port store disk)
touch "$work/out2"
before=$(machine)
for c in "${cases[@]}"; do "case_$c"; done
rm -rf "$work"
echo
if [ "$wrong" -gt 0 ]; then
	echo "$wrong endings are not as they should be"
	exit 1
fi
echo "every ending is as it should be; nothing is left"
