# SPDX-License-Identifier: GPL-2.0-or-later
# The command line of xtrace-fair.

setup() {
	fair=$BATS_TEST_DIRNAME/../${O:-build}/xtrace-fair
	data=$BATS_TEST_DIRNAME/data
	work=$BATS_TEST_TMPDIR
}

@test "--help and --version" {
	"$fair" --help | grep -q 'TRACE'
	"$fair" --version | grep -q '^xtrace-fair '
}

@test "every option is in the man page" {
	for option in $("$fair" --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -q -- "$option" "$BATS_TEST_DIRNAME/../man/xtrace-fair.1.scd"
	done
}

@test "wrong usage exits with 2" {
	run "$fair"; [ "$status" -eq 2 ]
	run "$fair" --nonsense x; [ "$status" -eq 2 ]
	run "$fair" --from 5 --to 3 x; [ "$status" -eq 2 ]
	run "$fair" --format xml x; [ "$status" -eq 2 ]
	run "$fair" --min-known 95 x; [ "$status" -eq 2 ]
}

@test "no file, an empty file and no trace exit with 1 and say why" {
	run "$fair" "$work/none"; [ "$status" -eq 1 ]; [[ $output = *"No such file"* ]]
	: >"$work/empty"
	run "$fair" "$work/empty"; [ "$status" -eq 1 ]; [[ $output = *"empty"* ]]
	echo "hello, world" >"$work/text"
	run "$fair" "$work/text"; [ "$status" -eq 1 ]; [[ $output = *"neither"* ]]
}

@test "a pipe is as good as a file" {
	"$fair" --format json "$data/scp3.trc" >"$work/file"
	cat "$data/scp3.trc" | "$fair" --format json - >"$work/pipe"
	cmp "$work/file" "$work/pipe"
}

@test "converted to xentrace's format it says the same" {
	"$fair" convert "$data/scp3.trc" "$work/x"
	"$fair" --format csv --tsc-hz 2600000000 "$data/scp3.trc" | cut -d, -f1,8,14-23 >"$work/a"
	"$fair" --format csv --tsc-hz 2600000000 "$work/x" | cut -d, -f1,8,14-23 >"$work/b"
	diff "$work/a" "$work/b"
}

@test "a conversion takes no option of a report, has a new file's mode, and leaves what is no file in its place" {
	run "$fair" convert --from 1 "$data/w124.trc" "$work/x"; [ "$status" -eq 2 ]; [ ! -e "$work/x" ]
	run "$fair" convert "$data/w124.trc"; [ "$status" -eq 2 ]
	(umask 027; "$fair" convert "$data/w124.trc" "$work/x")
	[ "$(stat -c %a "$work/x")" = 640 ]
	mkfifo "$work/fifo"
	cat "$work/fifo" >"$work/y" &
	"$fair" convert "$data/w124.trc" "$work/fifo"
	wait
	[ -p "$work/fifo" ]
	cmp "$work/x" "$work/y"
}

@test "a file cut off anywhere is read up to there" {
	size=$(stat -c %s "$data/w124.trc")
	for cut in 1 100 5000 20001 $((size / 2)) $((size - 3)); do
		head -c "$cut" "$data/w124.trc" >"$work/cut"
		run "$fair" "$work/cut"
		[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
	done
}

@test "a flipped bit is found, told with its offset, and the rest is read" {
	cp "$data/w124.trc" "$work/bad"
	printf '\377' | dd of="$work/bad" bs=1 seek=40000 conv=notrunc status=none
	run "$fair" "$work/bad"
	[ "$status" -eq 3 ]
	[[ $output = *"offset "*"wrong CRC"* ]]
}

@test "figures" {
	"$fair" --figures "$work/figs" --terminal svg --timeline 1,1.5 "$data/scp3.trc" >/dev/null
	grep -q '^# .*made by: .* --timeline 1,1.5 ' "$work/figs/timeline.gp"
	for terminal in pdf png cairolatex dumb; do
		"$fair" --figures "$work/$terminal" --terminal "$terminal" "$data/scp3.trc" >/dev/null
	done
	for figure in share states latency fairness waits lag causes wake credit dom0 dom0-time cost timeline; do
		[ -s "$work/figs/$figure.svg" ] && [ -s "$work/figs/$figure.dat" ]
		grep -q 'crc32' "$work/figs/$figure.gp"
	done
}

# Built for one prefix and installed in another.
@test "figures of an installed program" {
	mkdir -p "$work/usr/bin" "$work/usr/share/xtrace"
	cp "$fair" "$work/usr/bin/"
	cp -r "$BATS_TEST_DIRNAME/../plots" "$work/usr/share/xtrace/"
	"$work/usr/bin/xtrace-fair" --figures "$work/figs" --terminal dumb "$data/cause-h1-on.trc" >/dev/null
	[ -s "$work/figs/share.txt" ]
}

# LaTeX reads the words of a figure: no sign of its own may be in them, but for what is meant for it.
@test "figures for LaTeX" {
	"$fair" --figures "$work/tex" --terminal cairolatex "$data/dom0.trc" >/dev/null
	"$fair" diff --figures "$work/tex" --terminal cairolatex "$data/dom0.trc" "$data/dom0.trc" >/dev/null || [ $? -eq 3 ]
	sed -n 's/.*\\strut{}\(.*\)}}%$/\1/p' "$work"/tex/*.tex >"$work/words"
	[ "$(grep -c '\\%' "$work/words")" -ge 3 ]
	grep -qF '$10^{3}$' "$work/words"
	[ -z "$(sed 's/\\%//g; s/\$[^$]*\$//g' "$work/words" | grep '[]%^#_&~$\\]')" ]
}

# A domain of a reused id has the timeline's bars of its own.
@test "timeline of a reused id" {
	"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$BATS_TEST_DIRNAME/text/domain-id-reused.txt" "$work/reused.trc"
	"$fair" --tsc-hz 1000000000 --timeline 0,100 --figures "$work/reused" --terminal dumb "$work/reused.trc" >/dev/null
	[ "$(awk '$2 == 5 { print $6 }' "$work/reused/timeline.dat" | sort -u | tr '\n' ' ')" = '0 1 ' ]
	generations=$(sed -n "s/^generations = '\(.*\)'/\1/p" "$work/reused/timeline.gp")
	[ "$(wc -w <<<"$generations")" = "$(sed -n "s/^ids = '\(.*\)'/\1/p" "$work/reused/timeline.gp" | wc -w)" ]
}

# Of guests that nothing else names Dom0's figures have what it did for them, too.
@test "guests without a name" {
	flat=$BATS_TEST_DIRNAME/../${O:-build}/tests/flat
	"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$BATS_TEST_DIRNAME/text/domain-id-reused-unseen.txt" "$work/unseen.trc"
	"$fair" --format json --figures "$work/unseen" --terminal dumb "$work/unseen.trc" | "$flat" >"$work/facts"
	for figure in dom0 dom0-time; do grep -q 'without a name' "$work/unseen/$figure.dat"; done
	ran_us=$(awk -F'\t' '$1 == "dom0.running_s" { printf "%.0f", 1e6 * $2 }' "$work/facts")
	[ "$(sed 's/"[^"]*"/x/' "$work/unseen/dom0.dat" | awk 'NR > 1 { for (i = 2; i <= NF; i++) sum += $i } END { printf "%.0f", 1e6 * sum }')" -eq "$ran_us" ]
	[ "$(awk 'NR == 2 { for (i = 2; i <= NF; i++) sum += $i } NR == 3 { printf "%.0f", 1e6 * sum / 100 * $1 }' "$work/unseen/dom0-time.dat")" -eq "$ran_us" ]
}

# With one CPU all is done by one thread, else by two: also where settings change, domains come and go, and records are lost.
@test "one CPU" {
	cpu=$(taskset -cp $$ | grep -oE '[0-9]+$')
	for text in "$BATS_TEST_DIRNAME"/text/*.txt; do
		"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$text" "$work/$(basename "$text" .txt).trc"
	done
	for trace in "$data"/{scp3,cause-h9-cap-on,dom0-patched,lost}.trc "$work"/*.trc; do
		two=0 one=0
		"$fair" --format json --tsc-hz 2000000000 "$trace" >"$work/two" 2>"$work/two.err" || two=$?
		taskset -c "$cpu" "$fair" --format json --tsc-hz 2000000000 "$trace" >"$work/one" 2>"$work/one.err" || one=$?
		[ "$two" -eq "$one" ]
		cmp "$work/two" "$work/one"
		cmp "$work/two.err" "$work/one.err"
	done
}

# What a brief report says is what the whole one says, and the rest is not there rather than 0.
@test "brief" {
	flat=$BATS_TEST_DIRNAME/../${O:-build}/tests/flat
	"$fair" --format json "$data/dom0.trc" | "$flat" | sort >"$work/whole"
	"$fair" --brief --format json "$data/dom0.trc" | "$flat" | sort >"$work/brief"
	[ "$(wc -l <"$work/brief")" -gt 100 ]
	[ -z "$(comm -13 "$work/whole" "$work/brief")" ]
	[ "$(grep -cE '^(verdict|dom0|hypervisor|causes)\b|lag|starvation|boosts|waited|windows|horizon' "$work/brief")" -eq 0 ]
	"$fair" --brief --format csv "$data/dom0.trc" | tr -d '\r' >"$work/brief.csv"
	"$fair" --format csv "$data/dom0.trc" | tr -d '\r' >"$work/whole.csv"
	diff <(cut -d, -f1-22 "$work/brief.csv") <(cut -d, -f1-22 "$work/whole.csv")
	[ -z "$(sed 1d "$work/brief.csv" | cut -d, -f23- | tr -d ',\n')" ]
	[ "$("$fair" --brief "$data/dom0.trc" | grep -c 'seconds waited\|seconds behind\|for which Dom0')" -eq 0 ]
	run "$fair" --brief --figures "$work/figs" "$data/dom0.trc"
	[ "$status" -eq 2 ]
}

@test "a full disk is an error" {
	run bash -c "'$fair' '$data/scp3.trc' >/dev/full"
	[ "$status" -eq 1 ]
	run "$fair" --figures /proc/nowhere "$data/scp3.trc"
	[ "$status" -eq 1 ]
}

# What stands behind a ± goes as far as the interval does, also where that ends at what a figure can be: how many percent of the pCPUs' time.
@test "how sure" {
	flat=$BATS_TEST_DIRNAME/../${O:-build}/tests/flat
	"$fair" --format json "$data/dom0-patched.trc" | "$flat" | awk -F'\t' '
		{ v[$1] = $2 }
		END { s = "domains[0].spread.share."; up = v[s "high"] - v[s "value"]; down = v[s "value"] - v[s "low"]
			printf "%.2f", 100 * (up > down ? up : down); exit !(v[s "low"] == 0 && up > down) }' >"$work/wanted"
	"$fair" "$data/dom0-patched.trc" | sed -n '/^how sure/,/^$/s/^Domain-0 *[0-9.]* ±\([0-9.]*\) .*/\1/p' | tr -d '\n' >"$work/told"
	cmp "$work/wanted" "$work/told"
	"$fair" "$data/dom0-patched.trc" | grep -qE '^Domain-0 .* [0-9]+ ×/÷[0-9.]+ +[0-9]+ ×/÷[0-9.]+ '
}

@test "one domain" {
	flat=$BATS_TEST_DIRNAME/../${O:-build}/tests/flat
	for domain in vm2 2; do
		"$fair" --domain "$domain" --format json "$data/dom0-patched.trc" | "$flat" >"$work/one"
		[ "$(grep -cE '^(domains|hypervisor)\[[0-9]+\]\.(id|domain)	' "$work/one")" -eq 2 ]
		[ "$(sed -n 's/^domains\[0\]\.name\t//p' "$work/one")" = '"vm2"' ]
	done
	"$fair" --domain vm2 "$data/dom0-patched.trc" | grep -q "^The hypervisor used .* of vm2's"
	[ "$("$fair" --domain vm2 "$data/dom0-patched.trc" | grep -c '^The hypervisor used')" -eq 1 ]
	# By what the report calls it where the trace has no names.
	"$fair" convert "$data/dom0-patched.trc" "$work/x"
	"$fair" --domain d2 --format csv --tsc-hz 1000000000 "$work/x" >"$work/csv"
	[ "$(wc -l <"$work/csv")" -eq 2 ]
	run "$fair" --domain nobody "$data/dom0-patched.trc"
	[ "$status" -eq 2 ]
	[[ $output = *"no domain \`nobody'"* ]]
}

# What is not known, or not a number, is told as such.
@test "no nan" {
	for text in "$BATS_TEST_DIRNAME"/{text,damaged}/*.txt; do
		"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$text" "$work/trace"
		"$fair" --tsc-hz 1000000000 "$work/trace" >>"$work/out" 2>/dev/null || [ $? -ne 2 ]
	done
	[ "$(wc -l <"$work/out")" -gt 1000 ]
	[ "$(grep -cwiE -- '-?(nan|inf)' "$work/out")" -eq 0 ]
}

# Names that differ in their end only have columns that can be told apart.
@test "long names" {
	sed 's/"name": *"[^"]*"/"name": "web-frontend-"/g' "$BATS_TEST_DIRNAME/text/weights.txt" |
		awk '/^domains/ { n = 0; while (sub(/"web-frontend-"/, "\"web-frontend-" ++n "\"")) ; } { print }' >"$work/long.txt"
	"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$work/long.txt" "$work/long.trc"
	"$fair" --tsc-hz 1000000000 "$work/long.trc" >"$work/out" || [ $? -eq 3 ]
	grep -E '^seconds waited +.*web-frontend-1 +web-frontend-2( |$)' "$work/out"
	# And rows of one length, whatever the name's.
	sed 's/web-frontend-2/web-frontend-production-2/g' "$work/long.txt" >"$work/longer.txt"
	"$BATS_TEST_DIRNAME/../${O:-build}/tests/mktrace" "$work/longer.txt" "$work/longer.trc"
	"$fair" --tsc-hz 1000000000 "$work/longer.trc" >"$work/out" || [ $? -eq 3 ]
	[ "$(sed -n '/^seconds  *running/,/^$/p' "$work/out" | awk 'NF { print length }' | sort -u | wc -l)" -eq 1 ]
}

# The shortest window that is fair is not said to be followed by fair ones where it is not.
@test "a horizon that does not last" {
	"$fair" "$data/dom0-patched.trc" | grep -q 'and 0.95 or more in 128 ms, but not in all that are longer; in 1 ms'
	"$fair" "$data/scp3.trc" | grep -q 'and 0.95 or more from 128 ms on; in 1 ms'
}
