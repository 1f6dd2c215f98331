#!/bin/sh
# tools/build-etcd.sh VERSION… [-o FOLDER] builds released etcd servers from the Go module proxy, with Go alone:
#
#   tools/build-etcd.sh 3.5.2 3.5.12 -o /tmp/etcd
#   whitewater run --binary /tmp/etcd/etcd-3.5.2
#
# Versions are of the module go.etcd.io/etcd/server/v3, which begins at 3.5.0. The proxy does not have every one of them
# with everything that it needs; one that cannot be built is said, and the exit code is 1.
set -eu

folder=.
versions=
while [ $# -gt 0 ]; do
	case $1 in
	-o) folder=${2:?-o needs a folder}; shift ;;
	-*) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64 ;;
	*) versions="$versions ${1#v}" ;;
	esac
	shift
done
[ -n "$versions" ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64; }
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

# A module of its own for each version: go install refuses a module with replacements, which etcd's has.
build() {
	mkdir "$scratch/$1" && cd "$scratch/$1" &&
		go mod init build-etcd &&
		go get "go.etcd.io/etcd/server/v3@v$1" &&
		CGO_ENABLED=0 go build -trimpath -o "$folder/etcd-$1" go.etcd.io/etcd/server/v3
}

failed=0
for version in $versions; do
	if (GOWORK=off GOFLAGS=-mod=mod && export GOWORK GOFLAGS && build "$version") >"$scratch/log" 2>&1; then
		echo "$folder/etcd-$version: $("$folder/etcd-$version" --version | head -1)"
	else
		echo "etcd $version cannot be built:" >&2
		tail -2 "$scratch/log" >&2
		failed=1
	fi
done
exit $failed
