/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of functions that the probes hook. A probe finds its arguments by position, so a
 * function that this kernel's headers declare with other arguments gets no name here.
 */
#ifndef _KMOD_COMPAT_SYMBOL_H
#define _KMOD_COMPAT_SYMBOL_H

#define __EVRING_UNKNOWN(_name)		_name " with the arguments that are known"

#ifdef EVRING_HAVE_SECURITY_PATH
#define EVRING_SECURITY_PATH(_name)	"security_path_" _name
#else
#define EVRING_SECURITY_PATH(_name)	__EVRING_UNKNOWN("security_path_" _name)
#endif

#ifdef EVRING_HAVE_SECURITY_MOUNT
#define EVRING_SECURITY_MOUNT(_name)	"security_" _name
#else
#define EVRING_SECURITY_MOUNT(_name)	__EVRING_UNKNOWN("security_" _name)
#endif

#ifdef EVRING_HAVE_VFS_XATTR
#define EVRING_VFS_XATTR(_name)		"vfs_" _name
#else
#define EVRING_VFS_XATTR(_name)		__EVRING_UNKNOWN("vfs_" _name)
#endif

#endif /* _KMOD_COMPAT_SYMBOL_H */
