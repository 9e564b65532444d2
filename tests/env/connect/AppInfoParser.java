/* SPDX-License-Identifier: MIT */
/* The newest connect-file that there is asks Kafka's version here, from where it has moved. */
package org.apache.kafka.common.utils;

public class AppInfoParser {
	public static String getVersion() {
		return org.apache.kafka.common.utils.internals.AppInfoParser.getVersion();
	}
}
