/* SPDX-License-Identifier: MIT */
/*
 * evringd's map: its files, in the order in which an event flows. The tests of its
 * parts include this header, and so the headers below, which most of them need.
 *
 *	main		options, and the way from the files to the worker
 *	config, keys	a connector's file; keytype: its values; describe: its places in forms
 *	provider	${file:PATH:KEY} in its values
 *	property, check	kafka.* -> librdkafka's configuration, and its rules
 *	definition	a file in Kafka Connect's shape, and how it is replaced
 *	folder		all files of a folder
 *	attach		--attach: their hooks, for an evringd without the right to
 *	format		the converter that value.format or value.converter names
 *	connect		keys of Kafka Connect's that are understood, or refused by name
 *	permit		keys that run code: not by REST, nor as root from others' files, like providers
 *	problem, words	... all errors in them; lists of words
 *	host		the identity, names, hooks and fields of this host
 *	worker		the process: signals, a watch of the host
 *	connectors	all connectors, and the folder that they are kept in; reload: as it
 *			is now; both in keeping.h
 *	http		... and its REST interface: libmicrohttpd in the loop; listener, auth
 *	rest		a request and its answer; its parts, in resource.h: instance, control,
 *			position, alter, plugin, logger, reply
 *	metrics		... /metrics, for Prometheus: host_metrics of user/common, process
 *	page, live	... a page for people, and its stream: state, tapped; accept
 *	notify		sd_notify: ready, alive, the connectors' states
 *	loop		io_uring: timers, descriptors and signals that wake them
 *	monitor		the module as a whole, for metrics and page, and for
 *	watch		losses, rings that fill, groups without an owner: the log
 *	connector	one of them: its state, and the requested state
 *	task		one run of it: acknowledged, commit, read, produce
 *	launch, intake,	... its parts: running.h
 *	answer
 *	source		its events, from /dev/evring; filters: which of them
 *	encode		event -> message: topic, key, headers
 *	transform	event -> event, topic, or nothing; its parts, in transforming.h: options,
 *			predicate, reroute, refield, heading, users, containers,
 *			container_names, ancestors
 *	shape		an event with other fields
 *	extras		headers that transforms add or take away
 *	template	"host.${type}"
 *	converter	event -> value, operations of json, raw, avro, protobuf, enclosed
 *	cell, wire	... a field's value; the head of a registry's schema
 *	jsontext, lines	... JSON into a buffer; packs of it
 *	layout, arrange	... JSON of another layout: ecs, ocsf; mapping: these as a page
 *	plan, typed	... a type's columns compiled, and written, for avro and protobuf
 *	schemas		each type's columns, for the converter; registry: the ids of schemas
 *	cloudevent	a message's headers
 *	pack		events of one key -> one message
 *	declare		events that are not delivered, as messages of their own
 *	letter		... and the events themselves, for the dead-letter topic
 *	putback		... and from there to their topics
 *	delivery	messages on their way, and the acknowledged prefix of each ring
 *	sender		message -> producer, again until it is acknowledged: sender.h
 *	creation	topics that are made before: topic.creation.*
 *	topic, batch,	... its parts: sending.h
 *	failure, making
 *	delay		how long until the next try, for these, connectors and the registry
 *	producer	message -> report, a table of operations: kafka
 *	outgoing	messages that wait for it
 *	verdict		the cause of a failed delivery: event, topic or moment
 *	split		a pack that is refused, in halves
 *	stats		numbers of a connector, over all its tasks
 *	stall		why nothing is acknowledged: the log
 *	commit		the prefix -> the kernel
 *
 * log, memory and others that the evring tool needs too are in user/common.
 *
 * One thread runs all of it. librdkafka's threads call the log, the callbacks
 * and the partitioner of kafka.c; and each producer that is closed has a thread
 * that waits for them.
 */
#ifndef EVRINGD_H
#define EVRINGD_H

#include "accept.h"
#include "attach.h"
#include "auth.h"
#include "cell.h"
#include "check.h"
#include "cloudevent.h"
#include "commit.h"
#include "config.h"
#include "connect.h"
#include "connector.h"
#include "connectors.h"
#include "converter.h"
#include "creation.h"
#include "declare.h"
#include "definition.h"
#include "delivery.h"
#include "encode.h"
#include "extras.h"
#include "folder.h"
#include "format.h"
#include "host.h"
#include "http.h"
#include "keys.h"
#include "letter.h"
#include "listener.h"
#include "log.h"
#include "loop.h"
#include "memory.h"
#include "message.h"
#include "notify.h"
#include "outgoing.h"
#include "pack.h"
#include "permit.h"
#include "problem.h"
#include "producer.h"
#include "property.h"
#include "provider.h"
#include "putback.h"
#include "registry.h"
#include "rest.h"
#include "schemas.h"
#include "sender.h"
#include "shape.h"
#include "source.h"
#include "split.h"
#include "stall.h"
#include "task.h"
#include "template.h"
#include "transform.h"
#include "verdict.h"
#include "watch.h"
#include "wire.h"
#include "words.h"
#include "worker.h"

#endif /* EVRINGD_H */
