-- SPDX-License-Identifier: MIT
-- What the warehouse tells. A table is a topic; Debezium's sink has made it.

-- How many events a row stands for, as seq counts them: those that were lost have one.
create view events as
	select machine_id, boot_id, lane, cpu, seq, type, 1 as covers from process_fork
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from process_exec
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from process_exit
	union all select machine_id, boot_id, lane, cpu, seq, type, 1 from user_registered
	union all select machine_id, boot_id, lane, cpu, seq, type, count from evring_lost;

\echo 'Which user ran which program:'
select coalesce(users.name, exec.uid::text) as "user", path as program,
	min(array_to_string(argv, ' ')) as "for example", count(*) as times
from process_exec exec left join users on users.uid = exec.uid
where exec.uid <> 0
group by 1, 2 order by 1, 2;

-- A process is its pid and its start; an exec may have failed, or be one of several.
\echo 'How each ended (exec joined with exit):'
select coalesce(users.name, exec.uid::text) as "user",
	array_to_string(exec.argv, ' ') as command,
	fate.exit_code as "exit code", fate.signal as signal,
	round((fate.time_ns - exec.time_ns) / 1e6, 1) as "ran for, ms",
	fate.max_rss / 1024 as "memory, KiB"
from process_exec exec
join process_exit fate using (machine_id, boot_id, pid, start_time_ns)
left join users on users.uid = exec.uid
where exec.uid <> 0 and exec.result = 0
order by exec.time_ns limit 12;

\echo 'What was lost, where and when:'
select lane, cpu, seq as "first seq", count as events,
	array_to_string(causes, ' ') as why,
	to_char(to_timestamp(first_ns / 1e9), 'HH24:MI:SS.MS') as "from",
	to_char(to_timestamp(last_ns / 1e9), 'HH24:MI:SS.MS') as "to"
from evring_lost order by first_ns;

-- A ring's numbers begin with 0 and have no hole but for those that a loss covers.
\echo 'Each ring: is a number missing that no row accounts for?'
select lane, cpu, count(*) as rows, sum(covers) filter (where type = 'evring.lost') as lost,
	max(seq + covers) as emitted, max(seq + covers) - sum(covers) as unexplained
from events group by lane, cpu order by lane, cpu;
