# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Shared by the demos whose events end in a database: a PostgreSQL, and a Kafka Connect
# worker with Debezium's JDBC sink that fills it, a row for each event. Source it after
# lib.sh, and call postgres_start once the test has begun.

postgres='' worker='' sink=''

# In place of e2e_end
sink_end() {
	local status=${1:-$?}
	[ -z "$worker" ] || tests/env/connect/worker kill "$worker" || true
	[ -z "$postgres" ] || tests/env/postgres/cluster kill "$postgres" || true
	e2e_end "$status"
}

postgres_start() {
	trap sink_end EXIT
	chmod 755 "$work" # PostgreSQL's user goes through it
	postgres=$work/postgres
	port=$(tests/env/postgres/cluster start "$postgres")
}

psql() {
	tests/env/postgres/cluster psql "$postgres" "$@"
}

# sink_start NAME: a worker with this sink. Standard input has what the sink's configuration
# has of its own: lines of JSON, each with a comma at its end.
sink_start() {
	sink=$1
	{
		printf '{"name": "%s", "config": {\n' "$sink"
		cat
		cat <<END
	"connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
	"tasks.max": "1",
	"consumer.override.auto.offset.reset": "earliest",
	"key.converter": "org.apache.kafka.connect.storage.StringConverter",
	"connection.url": "jdbc:postgresql://127.0.0.1:$port/evring",
	"connection.username": "evring",
	"connection.password": "$(cat "$postgres/password")",
	"insert.mode": "upsert",
	"primary.key.mode": "record_value",
	"primary.key.fields": "machine_id,boot_id,lane,cpu,seq",
	"schema.evolution": "basic"
}}
END
	} >"$work/$sink.json"
	worker=$work/worker
	tests/env/connect/worker start "$worker" "$host_brokers" "$work/$sink.json" >/dev/null
}

# sink_wait MESSAGES: until the rows of so many messages are written. That the sink gets no
# further for five minutes, or that a task has failed, is an error.
sink_wait() {
	local before='' written idle=0
	while :; do
		written=$(tests/env/connect/worker written "$worker" "$sink") || true
		[ "$written" != "$1" ] || return 0
		if [ "$written" = "$before" ]; then idle=$((idle + 1)); else idle=0; fi
		before=$written
		if tests/env/connect/worker states "$worker" | grep FAILED || [ "$idle" = 300 ]; then
			echo "the sink has written $written of $1 messages; the end of the worker's log:"
			tail -n 20 "$worker/log"
			return 1
		fi
		sleep 1
	done
}
