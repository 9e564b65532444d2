-- SPDX-License-Identifier: MIT
-- What the warehouse tells: each table is a topic, which Debezium's sink has made.

-- How many events a row stands for, as seq counts them: those that were lost have one.
create view events as
	select machine_id, boot_id, lane, cpu, seq, type, 1 as covers from process_fork
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from process_exec
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from process_exit
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from user_registered
	union all select machine_id, boot_id, lane, cpu, seq, type, data_count from evring_lost;

\echo 'Which user ran which program:'
select coalesce(users.name, data_uid::text) as "user", data_path as program,
	array_to_string(min(data_argv), ' ') as "for example", count(*) as times
from process_exec left join users on users.uid = data_uid
where data_path not like '%/evring%' and data_uid <> 0
group by 1, 2 order by 1, 2;

-- A process is its pid and its start; an exec may have failed, or be one of several.
\echo 'How each ended (exec joined with exit):'
select coalesce(users.name, exec.data_uid::text) as "user",
	array_to_string(exec.data_argv, ' ') as command,
	fate.data_exit_code as "exit code", fate.data_signal as signal,
	round((fate.time_ns - exec.time_ns) / 1e6, 1) as "ran for, ms",
	fate.data_max_rss / 1024 as "memory, KiB"
from process_exec exec
join process_exit fate using (machine_id, boot_id, pid, data_start_time_ns)
left join users on users.uid = exec.data_uid
where exec.data_uid <> 0 and exec.data_result = 0
order by exec.time_ns limit 12;

\echo 'What was lost, where and when:'
select lane, cpu, seq as "first seq", data_count as events,
	array_to_string(data_causes, ' ') as why,
	to_char(to_timestamp(data_first_ns / 1e9), 'HH24:MI:SS.MS') as "from",
	to_char(to_timestamp(data_last_ns / 1e9), 'HH24:MI:SS.MS') as "to"
from evring_lost order by data_first_ns;

-- A ring's numbers begin with 0 and have no hole but for those that a loss covers.
\echo 'Each ring: is a number missing that no row accounts for?'
select lane, cpu, count(*) as rows, sum(covers) filter (where type = 'evring.lost') as lost,
	max(seq + covers) as emitted, max(seq + covers) - sum(covers) as unexplained
from events group by lane, cpu order by lane, cpu;
