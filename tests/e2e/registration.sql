-- SPDX-License-Identifier: MIT
-- The users of the shop, from the table that Debezium's sink has made of their events.

\echo 'The first users, each a row:'
select data_user_id as "user", data_email as email, data_plan as plan,
	data_comm as "published by", to_char(to_timestamp(time_ns / 1e9), 'HH24:MI:SS.MS') as "at",
	lane || '/' || cpu || '/' || seq as "event"
from user_registered order by data_user_id limit 10;

\echo 'How many, by plan and by the program that published them:'
select data_plan as plan, data_comm as "published by", count(*) as users,
	count(distinct data_user_id) as "distinct"
from user_registered group by 1, 2 order by 1, 2;
