# SPDX-License-Identifier: GPL-2.0-only
# Make cap_table.h of the compiler's view of <linux/capability.h>: a line of an array of
# struct evring_value_desc for each capability, in their order.

$1 == "#define" && NF == 3 && $2 ~ /^CAP_[A-Z0-9_]+$/ && $3 ~ /^[0-9]+$/ {
	names[$3 + 0] = $2
	if ($3 + 0 > last)
		last = $3 + 0
}

END {
	if (!(0 in names)) {
		print "cap_table.awk: <linux/capability.h> has no capabilities" >"/dev/stderr"
		exit 1
	}
	print "/* Made by kmod/hooks/cap_table.awk of this kernel's headers. */"
	for (bit = 0; bit <= last; bit++)
		if (bit in names)
			printf "\t{ BIT_ULL(%d), \"%s\", \"\" },\n", bit, names[bit]
}
