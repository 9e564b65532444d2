# SPDX-License-Identifier: GPL-2.0-only
# Make syscall_table.h of the compiler's view of this kernel's headers: the macros
# of <asm/unistd.h> and <linux/errno.h>, and behind a line "32" those of an architecture's
# header of 32-bit calls, which has the same names.
#
# Of each ABI there is a list from number to value plus 1, 0: no such call. The
# value is the 64-bit call's number wherever there is one of the name, so that a
# name means the same call in each ABI; else it is 65536 plus the number.

# mawk has no strtonum().
function decimal(text,    n, i) {
	if (text !~ /^0x/)
		return text + 0
	for (i = 3; i <= length(text); i++)
		n = n * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
	return n
}

# Of a macro that is a number, or another one's name; else -1
function number(macro,    value) {
	for (value = macros[macro]; value in macros; value = macros[value])
		;
	return value ~ /^(0x[0-9a-fA-F]+|[0-9]+)$/ ? decimal(value) : -1
}

# A number keeps the first of its names.
function call(abi, name, macro,    nr) {
	nr = number(macro)
	if (nr < 0 || nr > 4095 || name ~ /^(syscalls|arch_specific_syscall)$/ ||
	    ((abi, nr) in names && names[abi, nr] < name))
		return
	names[abi, nr] = name
	if (nr > last[abi])
		last[abi] = nr
}

# All of one header, whose macros are known by now
function calls(    macro) {
	for (macro in macros) {
		if (macro ~ /^__NR_compat_/)
			continue
		if (macro ~ /^__NR_ia32_/)
			call("compat", substr(macro, 11), macro)
		else if (macro ~ /^__NR_x32_/)
			call("x32", substr(macro, 10), macro)
		else if (macro ~ /^__NR_/)
			call(abi, substr(macro, 6), macro)
		else if (abi == "native" && macro ~ /^E([A-Z0-9]+|RESTART_RESTARTBLOCK|PROBE_DEFER)$/)
			call("errno", macro, macro)
	}
	for (macro in macros)
		delete macros[macro]
}

function list(abi,    nr, name) {
	printf "static const u32 %s_syscalls[] = {\n", abi
	for (nr = 0; nr <= last[abi]; nr++) {
		if (!((abi, nr) in names))
			continue
		name = names[abi, nr]
		if (!(name in values)) {
			values[name] = 65536 + nr
			order[++count] = name
		}
		printf "\t[%d] = %d,	/* %s */\n", nr, values[name] + 1, name
	}
	print "};\n"
}

function error_names(    nr) {
	print "static const struct evring_value_desc errors[] = {"
	print "\t{ 0, \"none\", \"it did not fail\" },"
	for (nr = 1; nr <= last["errno"]; nr++)
		if (("errno", nr) in names)
			printf "\t{ %d, \"%s\", \"\" },\n", nr, names["errno", nr]
	print "};"
}

BEGIN { abi = "native" }

$0 == "32" {
	calls()
	abi = "compat"
}

$1 == "#define" && NF == 3 { macros[$2] = $3 }

END {
	calls()
	if (!("native" in last)) {
		print "syscall_table.awk: <asm/unistd.h> has no system calls" >"/dev/stderr"
		exit 1
	}
	for (nr = 0; nr <= last["native"]; nr++) {
		if (!(("native", nr) in names))
			continue
		values[names["native", nr]] = nr
		order[++count] = names["native", nr]
	}
	print "/* Made by kmod/hooks/syscall_table.awk of this kernel's headers. */"
	list("native")
	list("compat")
	list("x32")
	print "static const struct evring_value_desc syscalls[] = {"
	for (i = 1; i <= count; i++)
		printf "\t{ %d, \"%s\", \"\" },\n", values[order[i]], order[i]
	print "\t{ SYSCALL_UNKNOWN, \"unknown\", \"the number has no name: nr tells it\" },"
	print "};\n"
	error_names()
}
