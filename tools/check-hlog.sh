#!/bin/sh
# Compares what HdrHistogram's own Java reader says of a run's latency.hlog with the run's .hgrm files, row by row.
#
#   tools/check-hlog.sh runs/latest
#
# Needs Java and HdrHistogram's jar: Debian's libhdrhistogram-java, or HDRHISTOGRAM_JAR=/path/to/HdrHistogram.jar.
# The log has a tag for each operation, reading and phase; a .hgrm is of an operation and reading over all phases, so
# the phases are taken off the tags of a copy first. What is compared: value, percentile and count of every row, mean,
# standard deviation, maximum and total. The fourth column's last cell is left out: "inf" here, empty in Java.
set -eu
run=${1:?usage: tools/check-hlog.sh RUN}
jar=${HDRHISTOGRAM_JAR:-/usr/share/java/hdrhistogram.jar}
[ -f "$jar" ] || { echo "no $jar: install libhdrhistogram-java, or set HDRHISTOGRAM_JAR" >&2; exit 5; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -E 's/^(Tag=[^,]*)\.(faulty|recovery),/\1,/' "$run/latency.hlog" >"$work/log"
tags=$(java -cp "$jar" org.HdrHistogram.HistogramLogProcessor -i "$work/log" -listtags | sed 1d)
[ -n "$tags" ] || { echo "$run/latency.hlog has no tags" >&2; exit 1; }

# rows VALUE PERCENTILE COUNT at six digits, then the footer's numbers.
rows() {
	awk '/^#\[(Mean|Max)/ { gsub(/[^0-9.]+/, " "); print; next } /^ *[0-9]/ { printf "%.3f %.6f %d\n", $1, $2, $3 }' "$1"
}

bad=0
for tag in $tags; do
	ours=$run/$tag.hgrm
	case $tag in *.send) ours=$run/${tag%.send}.send-time.hgrm ;; esac
	java -cp "$jar" org.HdrHistogram.HistogramLogProcessor -i "$work/log" -tag "$tag" -o "$work/out" 2>/dev/null
	rows "$work/out.hgrm" >"$work/java"
	rows "$ours" >"$work/ours"
	if cmp -s "$work/java" "$work/ours" && [ -s "$work/ours" ]; then
		echo "$tag: $(wc -l <"$work/ours") rows the same"
	else
		echo "$tag: differs (< Java, > ours)"
		diff "$work/java" "$work/ours" | head -10
		bad=1
	fi
done
exit $bad
