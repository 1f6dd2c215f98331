# rows.awk turns the benchmarks of the checkers into the tables of docs/CHECKING.md: a row for each number of operations, a
# column for each engine, in each place the CPU time and the peak heap above the history.

function time(ms) { return ms < 99.5 ? sprintf("%.0f ms", ms) : sprintf("%.2g s", ms / 1000) }

function size(mib) { return mib < 1 ? "" : mib < 1000 ? sprintf(", %.0f MiB", mib) : sprintf(", %.1f GiB", mib / 1024) }

/^Benchmark/ {
	sub(/-[0-9]+$/, "", $1)
	n = split($1, name, "/")
	place(name, n)
	ms = mib = 0; decided = 1
	for (i = 3; i < NF; i++) {
		if ($(i + 1) == "cpu-ms/op") ms = $i
		if ($(i + 1) == "cpu-s/op") ms = 1000 * $i
		if ($(i + 1) == "peak-MiB") mib = $i
		if ($(i + 1) == "keys-decided") decided = $i
	}
	if (!(table in tables)) { tables[table] = ++many; title[many] = table }
	if (!((table, col) in cols)) { cols[table, col] = ++width[table]; head[table, width[table]] = col }
	if (!((table, row) in rows)) { rows[table, row] = ++height[table]; side[table, height[table]] = row }
	cell[table, row, col] = (decided < 1 ? "undecided after 10 s" : time(ms)) size(mib)
}

# place tells the table, the row and the column of a benchmark's name.
function place(name, n) {
	table = substr(name[1], 10); row = name[n]; col = name[2]
	if (table == "Checkers") { table = name[2]; row = name[3]; col = name[4] }
	if (n == 2) col = "all"
	sub(/^txns=/, "", row)
}

END {
	for (t = 1; t <= many; t++) {
		table = title[t]
		printf "\n%s\n\n| operations |", table
		for (c = 1; c <= width[table]; c++) printf " %s |", head[table, c]
		printf "\n|--:|"
		for (c = 1; c <= width[table]; c++) printf "--:|"
		print ""
		for (r = 1; r <= height[table]; r++) {
			row = side[table, r]
			printf "| %s |", row
			for (c = 1; c <= width[table]; c++) printf " %s |", cell[table, row, head[table, c]]
			print ""
		}
	}
}
