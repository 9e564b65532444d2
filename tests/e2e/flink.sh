# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The statements of docs/how-to/sql.md, run by Flink over the topics that a sink has put
# into PostgreSQL: both must have the same rows. Source it after sink.sh.
: "${work:=}" "${host_brokers:=}" "${registry_url:=}"

# The page's statements for Flink, over what the topics have now and no more, and two
# that count what its view and its table of JSON have.
flink_statements() {
	echo "SET 'execution.runtime-mode' = 'batch';"
	awk '/^## /{ inside = $0 == "## Flink SQL" } inside && /^    /' docs/how-to/sql.md |
		sed -e "s|broker:9092|$host_brokers|" -e "s|http://registry:8081|$registry_url|" \
			-e "s|'scan.startup.mode' = 'earliest-offset'|&, 'scan.bounded.mode' = 'latest-offset'|"
	cat <<'END'
SELECT COUNT(*) FROM execs;
SELECT COUNT(*) FROM (
  SELECT DISTINCT `machine_id`, `boot_id`, `lane`, `cpu`, `seq`, `data`.`path`, `data`.`argv`[1]
  FROM process_exec_json WHERE `data`.`start_time_ns` > 0);
END
}

# same WHAT SQL: are Flink's rows, on standard input and each counted once, PostgreSQL's?
same() {
	psql -At -F $'\t' -c "$2" | LC_ALL=C sort -u >"$flink/postgres"
	printf '  %-42s %7d\n' "$1" "$(wc -l <"$flink/postgres")"
	LC_ALL=C sort -u | diff - "$flink/postgres" && [ -s "$flink/postgres" ]
}

# rows N COLUMNS: of the N-th statement that has a result
rows() {
	cut -f "$2" "$flink/rows.$1"
}

flink_check() {
	local messages counted
	flink=$work/flink
	flink_statements >"$work/flink.sql"
	tests/env/flink/sql "$flink" "$work/flink.sql" || return 1
	read -r messages _ < <(tests/env/python/run tests/e2e/read-avro \
		"$host_brokers" "$registry_url" host.process.exec)
	counted=$(rows 1 4 | awk '{ n += $1 } END { print n }')
	[ "$counted" = "$messages" ] || { echo "Flink counts $counted execs of $messages"; return 1; }
	rows 1 2,3 | same "programs" "select host, path from process_exec" || return 1
	rows 2 1- | same "kinds of ends" "
		select e.host, e.path, x.exit_code, x.signal, (x.time_ns - e.time_ns) / 1000000
		from process_exec e join process_exit x using (machine_id, boot_id, pid, start_time_ns)
		where e.result = 0 and x.time_ns - e.time_ns <= 3600 * 1000000000::bigint" || return 1
	rows 3 1- | same "lanes with losses" "
		select host, lane, sum(count) from evring_lost group by 1, 2" || return 1
	cat "$flink"/rows.[45] | same "counts of execs, by Avro and by JSON" "
		select count(*) from process_exec"
}
